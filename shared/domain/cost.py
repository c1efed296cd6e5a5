"""What the platform costs, month by month and service by service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

LONGEST_REPORT_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CostByService:
    """What one service cost; exact, in the currency of the month."""

    service: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyCost:
    """One month, the dearest service first.

    Attributes:
        month: its first day.
        is_estimated: the bill is not final, because the month is not over or its data are late.
    """

    month: date
    currency: str
    is_estimated: bool
    services: tuple[CostByService, ...]

    @property
    def total(self) -> Decimal:
        """The sum of its services."""
        return sum((entry.amount for entry in self.services), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesSent:
    """How many messages of a month the messaging providers count alike. Their prices are not known here.

    Attributes:
        month: its first day.
        category: as what the provider charges them; None where it does not say.
        is_billable: whether it charges them; None where it does not say.
    """

    month: date
    channel: str
    category: str | None
    is_billable: bool | None
    messages: int


def first_of_month(day: date, *, months_before: int = 0) -> date:
    """The first day of the month, or of one before it."""
    index = day.year * 12 + day.month - 1 - months_before
    return date(index // 12, index % 12 + 1, 1)
