"""What a service usually costs on a day: told apart from days that are nothing like it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from shared.domain.cost import DailyCost

SMALLEST_SURPRISE = Decimal(1)
"""Less, in the currency of the account, is nobody's worry."""
# The median of absolute deviations times this is the standard deviation of what is normally distributed.
_DEVIATIONS_TO_SIGMA = Decimal("1.4826")
_SIGMAS = 6
_LEAST_SHARE = Decimal("0.5")
Series = Mapping[date, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """The middle of a service's days, and how far a day may be from it."""

    per_day: Decimal
    reach: Decimal

    def exceeded_by(self, amount: Decimal) -> bool:
        """Whether a day that costs so much stands out."""
        return amount > self.per_day + self.reach

    def holds(self, amount: Decimal) -> bool:
        """Whether a day that costs so much is one of many."""
        return abs(amount - self.per_day) <= self.reach


def usual(amounts: Sequence[Decimal]) -> Usual:
    """The median, and six deviations around it, half of it, or one dollar: whichever reaches furthest."""
    middle = Decimal(median(amounts))
    deviation = Decimal(median([abs(amount - middle) for amount in amounts])) * _DEVIATIONS_TO_SIGMA
    return Usual(per_day=middle, reach=max(_SIGMAS * deviation, _LEAST_SHARE * abs(middle), SMALLEST_SURPRISE))


def series_by_service(days: Iterable[DailyCost]) -> dict[str, dict[date, Decimal]]:
    """By service, every day from the first that cost something to the last that did.

    A day between without the service cost nothing; days behind the last are not in the accounts yet.
    """
    by_day: dict[date, dict[str, Decimal]] = {}
    for entry in days:
        amounts = by_day.setdefault(entry.day, {})
        for service in entry.services:
            amounts[service.service] = amounts.get(service.service, Decimal(0)) + service.amount
    charged = [day for day, amounts in by_day.items() if amounts]
    if not charged:
        return {}
    first, last = min(charged), max(charged)
    every_day = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    names = sorted({name for amounts in by_day.values() for name in amounts})
    return {name: {day: by_day.get(day, {}).get(name, Decimal(0)) for day in every_day} for name in names}


def last_days(series: Series, until: date, count: int) -> list[tuple[date, Decimal]]:
    """The last days of a series before `until`, the oldest first; fewer where there are not so many."""
    wanted = (until - timedelta(days=number) for number in range(count, 0, -1))
    return [(day, series[day]) for day in wanted if day in series]
