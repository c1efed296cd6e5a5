"""What is reserved, what the cloud provider advises to reserve."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from shared.domain.reservation import ReservationReport


class ReservationSource(Protocol):
    """The provider's own accounts of databases and caches; nothing can be bought through it."""

    async def report(self, today: date) -> ReservationReport:
        """Coverage of the last 30 days, and the reservations worth buying, the largest saving first.

        Advice about what did not run steadily is left out.

        Raises:
            ProviderUnavailable: no answer within the adapter's timeout.
        """
