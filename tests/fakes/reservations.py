"""Made-up accounts of what is reserved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from shared.domain.reservation import ReservationReport
from shared.errors import ProviderUnavailable

NOTHING = ReservationReport(coverage=(), advice=(), reservations=())


@dataclass
class FakeReservations:
    """Implements `ReservationSource`."""

    known: ReservationReport = field(default=NOTHING)
    is_down: bool = False

    async def report(self, today: date) -> ReservationReport:
        """See `ReservationSource.report`."""
        if self.is_down:
            raise ProviderUnavailable("Cost Explorer gave no usable answer.")
        return self.known
