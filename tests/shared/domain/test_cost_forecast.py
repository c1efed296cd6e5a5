"""What a month will have cost, told before it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest

from shared.domain.cost import DailyCost, months_of
from shared.domain.cost_forecast import FEWEST_DAYS, forecast_month
from tests.cost_samples import daily, days_of, raw_days, steady, with_more

MARCH = date(2026, 3, 1)
FEBRUARY = date(2026, 2, 1)


def march_of(days: Sequence[DailyCost]) -> Decimal:
    return next(month.total for month in months_of(days) if month.month == MARCH)


@pytest.mark.requirement("16.4")
def test_a_steady_month_is_told_exactly_and_late_days_are_not_taken_for_cheap_ones() -> None:
    days = steady(FEBRUARY, 28 + 9)
    late = daily(date(2026, 3, 10), [{"Amazon RDS": "6.5"}, {"Amazon RDS": "0.1"}])

    forecast = forecast_month([*days, *late], date(2026, 3, 11))

    assert forecast is not None
    assert (forecast.expected, forecast.so_far) == (Decimal(310), Decimal("96.6"))
    assert forecast.low <= forecast.expected <= forecast.high
    assert (forecast.month, forecast.days_ahead) == (MARCH, 22)


def test_the_first_day_of_a_month_is_told_from_the_month_before() -> None:
    forecast = forecast_month(steady(FEBRUARY, 28), MARCH)

    assert forecast is not None
    assert (forecast.expected, forecast.so_far) == (Decimal(310), Decimal(0))


def test_too_few_days_tell_nothing() -> None:
    today = date(2026, 3, 10)
    days = steady(today - timedelta(days=FEWEST_DAYS), FEWEST_DAYS - 1)

    assert forecast_month(days, today) is None
    assert forecast_month([], today) is None


def test_quiet_weekends_are_expected_again() -> None:
    amounts = [{"A": "2" if (FEBRUARY + timedelta(days=n)).weekday() >= 5 else "10"} for n in range(28 + 13)]

    forecast = forecast_month(daily(FEBRUARY, amounts), date(2026, 3, 15))

    assert forecast is not None
    assert forecast.expected == Decimal(22 * 10 + 9 * 2)


@pytest.mark.requirement("16.4")
def test_a_fee_of_the_first_day_is_counted_once_and_not_prolonged() -> None:
    days = with_more(steady(FEBRUARY, 28 + 4), MARCH, "300")

    forecast = forecast_month(days, date(2026, 3, 6))

    assert forecast is not None
    assert forecast.expected == Decimal(310 + 300)


def test_a_fee_that_came_last_month_and_has_not_come_yet_is_expected_once() -> None:
    days = with_more(steady(FEBRUARY, 28 + 4), date(2026, 2, 20), "60")
    paid = with_more(days, date(2026, 3, 3), "60")

    before, after = (forecast_month(known, date(2026, 3, 6)) for known in (days, paid))

    assert before is not None
    assert after is not None
    assert before.expected == Decimal(310 + 60)
    assert after.expected == Decimal(310 + 60)


def test_a_refund_lowers_the_month_once() -> None:
    forecast = forecast_month(with_more(steady(FEBRUARY, 28 + 4), date(2026, 3, 2), "-45"), date(2026, 3, 6))

    assert forecast is not None
    assert forecast.expected == Decimal(310 - 45)


def test_a_new_level_is_followed_within_the_week() -> None:
    days = [*steady(FEBRUARY, 28), *steady(MARCH, 8, "20")]

    forecast = forecast_month(days, date(2026, 3, 10))

    assert forecast is not None
    assert abs(forecast.expected - 620) < 10


@pytest.mark.requirement("16.4")
def test_on_real_looking_accounts_it_errs_less_than_the_share_of_the_month_that_is_over() -> None:
    ours, proportional, held = Decimal(0), Decimal(0), 0
    # What the month came to when it was over and all of it was told, with a surprise of its own.
    final = march_of(days_of(raw_days(date(2026, 4, 4))))
    looks = range(1, 29, 3)
    for number in looks:
        today = date(2026, 3, number)
        days = days_of(raw_days(today))
        spent = march_of(days)

        forecast = forecast_month(days, today)

        assert forecast is not None
        ours += abs(forecast.expected - final)
        proportional += abs(spent / number * 31 - final)
        held += forecast.low - Decimal("11.52") <= final <= forecast.high
    assert ours / len(looks) < Decimal(15)
    assert ours * 5 < proportional
    assert held >= len(looks) - 1


def test_a_week_of_settled_days_is_enough() -> None:
    today = date(2026, 3, 10)
    days = steady(today - timedelta(days=FEWEST_DAYS + 1), FEWEST_DAYS)

    forecast = forecast_month(days, today)

    assert forecast is not None
    assert forecast.history_days == FEWEST_DAYS


def test_a_fee_is_still_expected_on_its_day() -> None:
    days = with_more(steady(FEBRUARY, 28 + 4), date(2026, 2, 5), "60")

    forecast = forecast_month(days, date(2026, 3, 6))

    assert forecast is not None
    assert forecast.expected == Decimal(310 + 60)


def test_a_late_day_that_costs_more_than_expected_already_counts_with_what_it_costs() -> None:
    days = [*steady(FEBRUARY, 28 + 9), *daily(date(2026, 3, 10), [{"Amazon RDS": "35"}])]

    forecast = forecast_month(days, date(2026, 3, 11))

    assert forecast is not None
    assert forecast.expected == Decimal(310 + 25)


def test_a_service_that_began_today_counts_with_what_it_has_cost() -> None:
    days = [*steady(FEBRUARY, 28 + 9), *daily(date(2026, 3, 10), [{"Amazon RDS": "10", "Amazon Bedrock": "4"}])]

    forecast = forecast_month(days, date(2026, 3, 11))

    assert forecast is not None
    assert forecast.expected == Decimal(310 + 4)


def test_the_month_is_not_said_to_end_below_what_was_spent() -> None:
    amounts = [{"A": str(1 + 200 * (number % 2))} for number in range(28 + 29)]

    forecast = forecast_month(daily(FEBRUARY, amounts), date(2026, 3, 30))

    assert forecast is not None
    assert forecast.low == forecast.so_far
