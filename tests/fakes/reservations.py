"""Made-up advice about reservations."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.reservation import ReservationAdvice


@dataclass
class FakeReservations:
    """Implements `ReservationSource`."""

    advised: tuple[ReservationAdvice, ...] = ()

    async def advice(self) -> tuple[ReservationAdvice, ...]:
        """See `ReservationSource.advice`."""
        return self.advised
