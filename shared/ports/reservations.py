"""What the cloud provider advises to reserve."""

from __future__ import annotations

from typing import Protocol

from shared.domain.reservation import ReservationAdvice


class ReservationSource(Protocol):
    """The provider's own advice about databases and caches; nothing is bought here."""

    async def advice(self) -> tuple[ReservationAdvice, ...]:
        """Reservations of databases and caches that would save money, the largest saving first.

        Raises:
            ProviderUnavailable: no answer within the adapter's timeout.
        """
