"""What the current month will have cost at its end, told from the days before; nothing is paid for the answer.

A service goes on as it did on its last seven settled days, without days that stand out, higher or lower by the day of
the week as in the last four weeks; what stood out last month, a fee for instance, is expected once more if its day is
still to come. Cost Explorer's own forecast costs a cent a call, knows no range by service and none on the first day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import fmean, median

from shared.domain.cost import SETTLED_AFTER, DailyCost, exact_sum, first_of_month
from shared.domain.cost_pattern import Series, last_days, series_by_service, usual

FEWEST_DAYS = 7
_RECENT_DAYS = 7
_PATTERN_DAYS = 28
_WEEK = 7
_DEVIATIONS_TO_SIGMA = Decimal("1.4826")
# What no past day shows.
_UNSEEN_SHARE = Decimal("0.03")
_MOST_FEES = 2
_SMALL_PART_OF_A_FEE = Decimal("0.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The month's end.

    Attributes:
        month: its first day.
        so_far: what the accounts tell of the month up to now.
        low: about as likely too low as `high` is too high; an indication, not a confidence interval.
        days_ahead: how many days are told rather than counted, those with unsettled accounts included.
        history_days: how many days it was told from.
    """

    month: date
    currency: str
    so_far: Decimal
    expected: Decimal
    low: Decimal
    high: Decimal
    days_ahead: int
    history_days: int


def forecast_month(days: Sequence[DailyCost], today: date) -> Forecast | None:
    """The month of `today`; None while fewer than a week of settled days is known.

    `days` should reach back to the beginning of the month before.
    """
    month, end = first_of_month(today), first_of_month(today, months_before=-1)
    history = series_by_service(entry for entry in days if entry.day <= today - SETTLED_AFTER)
    known = next(iter(history.values()), {})
    if len(known) < FEWEST_DAYS:
        return None
    settled_until = max(known) + timedelta(days=1)
    ahead_from = max(month, settled_until)
    ahead = [ahead_from + timedelta(days=number) for number in range((end - ahead_from).days)]
    this_month = [entry for entry in days if month <= entry.day < end]
    counted = exact_sum(entry.total for entry in this_month if entry.day < settled_until)
    unsettled = series_by_service(entry for entry in this_month if entry.day >= settled_until)
    rest = Decimal(0)
    for service, series in history.items():
        rest += _rest_of_month(series, unsettled.get(service, {}), ahead, _Pattern(series, settled_until))
    rest += exact_sum(exact_sum(series.values()) for service, series in unsettled.items() if service not in history)
    reach = _reach(history, settled_until, ahead, rest)
    expected = counted + rest
    so_far = exact_sum(entry.total for entry in this_month)
    return Forecast(
        month=month,
        currency=this_month[-1].currency if this_month else days[-1].currency,
        so_far=so_far,
        expected=expected,
        low=max(expected - reach, min(so_far, expected)),
        high=expected + reach,
        days_ahead=len(ahead),
        history_days=len(known),
    )


def _rest_of_month(series: Series, seen: Series, ahead: Sequence[date], pattern: _Pattern) -> Decimal:
    if not ahead:
        return Decimal(0)
    told = Decimal(0)
    for day in ahead:
        # The accounts of a day only grow while they are late.
        told += max(pattern.expected(day), seen.get(day, Decimal(0)))
    return told + _fee_to_come(series, seen, ahead)


class _Pattern:
    """How a service goes on: a level, and a share of it for each day of the week."""

    def __init__(self, series: Series, until: date) -> None:
        shares_from = last_days(series, until, _PATTERN_DAYS)
        self._shares = _weekday_shares(shares_from)
        levels = [amount / self._shares[day.weekday()] for day, amount in last_days(series, until, _RECENT_DAYS)]
        around = usual(levels)
        kept = [level for level in levels if around.holds(level)] or [around.per_day]
        self._level = exact_sum(kept) / len(kept)

    def expected(self, day: date) -> Decimal:
        """What the day will cost."""
        return self._level * self._shares[day.weekday()]


def _weekday_shares(days: Sequence[tuple[date, Decimal]]) -> list[Decimal]:
    """For Monday to Sunday, how much of the average day such a day costs; all alike where too little is known."""
    alike = [Decimal(1)] * _WEEK
    middle = Decimal(median([amount for _, amount in days]))
    if len(days) < _PATTERN_DAYS or middle <= 0:
        return alike
    shares = [
        # Of four such days one that stands out moves the middle little.
        Decimal(median([amount for day, amount in days if day.weekday() == weekday])) / middle
        for weekday in range(_WEEK)
    ]
    return shares if all(share > 0 for share in shares) else alike


def _fee_to_come(series: Series, seen: Series, ahead: Sequence[date]) -> Decimal:
    """What stood out in the month before and has not come in this one, on the days that are still to come."""
    month = first_of_month(ahead[0])
    before = {
        day: amount for day, amount in series.items() if first_of_month(day) == first_of_month(month, months_before=1)
    }
    if len(before) < FEWEST_DAYS:
        return Decimal(0)
    around = usual(list(before.values()))
    fees = {day: amount for day, amount in before.items() if around.exceeded_by(amount)}
    this_month = [amount for day, amount in [*series.items(), *seen.items()] if day >= month]
    # Many such days are no fee but a new level, which the pattern knows.
    if not 1 <= len(fees) <= _MOST_FEES or any(
        amount >= min(fees.values()) * _SMALL_PART_OF_A_FEE for amount in this_month
    ):
        return Decimal(0)
    return exact_sum(amount - around.per_day for day, amount in fees.items() if day.day >= ahead[0].day)


def _reach(history: dict[str, dict[date, Decimal]], until: date, ahead: Sequence[date], rest: Decimal) -> Decimal:
    """How far the expectation may be off, by how far the last four weeks were from what is expected of such days."""
    misses: dict[date, Decimal] = {}
    for series in history.values():
        pattern = _Pattern(series, until)
        missed = {day: amount - pattern.expected(day) for day, amount in last_days(series, until, _PATTERN_DAYS)}
        around = usual(list(missed.values()))
        for day, miss in missed.items():
            if around.holds(miss):
                misses[day] = misses.get(day, Decimal(0)) + miss
    if not misses:
        return abs(rest) * _UNSEEN_SHARE
    sigma = Decimal(median([abs(miss) for miss in misses.values()])) * _DEVIATIONS_TO_SIGMA
    drift = Decimal(fmean(misses.values()))
    return 2 * sigma * Decimal(len(ahead)).sqrt() + abs(drift) * len(ahead) / 2 + abs(rest) * _UNSEEN_SHARE
