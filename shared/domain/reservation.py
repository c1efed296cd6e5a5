"""Reserved capacity: what buying some would save."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationAdvice:
    """A reservation that would be cheaper than what is paid now; bought by people only.

    Attributes:
        monthly_saving: estimated, in `currency`.
        lookback_days: how much of the past the estimate is built on.
    """

    service: str
    instance: str
    count: int
    term_years: int
    monthly_saving: Decimal
    upfront_cost: Decimal
    currency: str
    lookback_days: int
