"""What the platform costs, day by day, month by month and service by service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Context, Decimal

LONGEST_REPORT_MONTHS = 12
SETTLED_AFTER = timedelta(days=2)
"""The accounts of a day may lack a part of it until then. Source: AWS, "Cost Explorer": up to 24 hours late."""
# Amounts have up to ten digits behind the point; a sum of any number of them must not be rounded on its way.
EXACT = Context(prec=60)
CENTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CostByService:
    """What one service cost; exact, in the currency of the month. Below zero where a credit or refund was more."""

    service: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyCost:
    """One day of the accounts.

    Attributes:
        is_estimated: the bill of its month is not final.
    """

    day: date
    currency: str
    is_estimated: bool
    services: tuple[CostByService, ...]

    @property
    def total(self) -> Decimal:
        """The sum of its services."""
        return exact_sum(entry.amount for entry in self.services)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyCost:
    """One month, the dearest service first.

    Attributes:
        month: its first day.
        is_estimated: the bill is not final, because the month is not over or its data are late.
        days: what each day cost that the accounts tell of, the oldest first.
    """

    month: date
    currency: str
    is_estimated: bool
    services: tuple[CostByService, ...]
    days: tuple[tuple[date, Decimal], ...] = ()

    @property
    def total(self) -> Decimal:
        """The sum of its services, and of its days."""
        return exact_sum(entry.amount for entry in self.services)


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


def months_of(days: Iterable[DailyCost]) -> tuple[MonthlyCost, ...]:
    """The months that the days belong to, the oldest first; a day may come in parts, in any order."""
    services: defaultdict[date, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    by_day: defaultdict[date, Decimal] = defaultdict(Decimal)
    estimated: dict[date, bool] = defaultdict(bool)
    currencies: dict[date, str] = {}
    for entry in days:
        month = first_of_month(entry.day)
        estimated[month] |= entry.is_estimated
        currencies.setdefault(month, entry.currency)
        by_day[entry.day] = EXACT.add(by_day[entry.day], entry.total)
        amounts = services[month]
        for service in entry.services:
            amounts[service.service] = EXACT.add(amounts[service.service], service.amount)
    return tuple(
        MonthlyCost(
            month=month,
            currency=currency,
            is_estimated=estimated[month],
            services=dearest_first(services[month]),
            days=tuple((day, by_day[day]) for day in sorted(by_day) if first_of_month(day) == month),
        )
        for month, currency in sorted(currencies.items())
    )


def dearest_first(amounts: dict[str, Decimal]) -> tuple[CostByService, ...]:
    """The services that cost something or gave something back; equal ones by their names."""
    ordered = sorted(amounts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(CostByService(service=service, amount=amount) for service, amount in ordered if amount)


def first_of_month(day: date, *, months_before: int = 0) -> date:
    """The first day of the month, or of one before it."""
    index = day.year * 12 + day.month - 1 - months_before
    return date(index // 12, index % 12 + 1, 1)


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """A sum of which nothing is rounded away."""
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def rounded_to_add_up(amounts: Sequence[Decimal], places: int = CENTS) -> list[Decimal]:
    """The amounts with so many digits behind the point, so that they add up to their rounded sum.

    Each is less than one unit of the last digit away from what it was. Source: the largest remainder method.
    """
    unit = Decimal(1).scaleb(-places)
    floors = [amount.quantize(unit, ROUND_FLOOR, context=EXACT) for amount in amounts]
    total = exact_sum(amounts).quantize(unit, context=EXACT)
    missing = int(EXACT.divide(EXACT.subtract(total, exact_sum(floors)), unit))
    by_remainder = sorted(range(len(floors)), key=lambda place: (floors[place] - amounts[place], place))
    for place in by_remainder[:missing]:
        floors[place] = EXACT.add(floors[place], unit)
    return floors
