"""Months add up from days, to the last digit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.cost import CostByService, DailyCost, exact_sum, months_of, rounded_to_add_up
from tests.cost_samples import daily, days_of, raw_days

TODAY = date(2026, 3, 20)
# Added up from the raw text as whole numbers of 0.0000000001 dollars.
KNOWN_TOTALS = {
    date(2026, 1, 1): "414.3638998959",
    date(2026, 2, 1): "362.6597329386",
    date(2026, 3, 1): "278.7278936900",
}


def ten_billionths(amount: str) -> int:
    whole, _, fraction = amount.lstrip("-").partition(".")
    value = int(whole + fraction.ljust(10, "0"))
    return -value if amount.startswith("-") else value


@pytest.mark.requirement("16.4")
def test_three_real_looking_months_add_up_to_the_last_digit_by_service_and_by_day() -> None:
    raw = raw_days(TODAY)
    by_hand = dict.fromkeys(KNOWN_TOTALS, 0)
    for day in raw:
        first = date.fromisoformat(day["TimePeriod"]["Start"]).replace(day=1)
        by_hand[first] += sum(ten_billionths(group["Metrics"]["UnblendedCost"]["Amount"]) for group in day["Groups"])

    months = months_of(days_of(raw))

    assert {month.month: str(month.total) for month in months} == KNOWN_TOTALS
    for month in months:
        assert month.total == Decimal(by_hand[month.month]).scaleb(-10)
        assert month.total == exact_sum(entry.amount for entry in month.services)
        assert month.total == exact_sum(amount for _, amount in month.days)
        assert len(month.services) >= 19


@pytest.mark.requirement("16.4")
def test_shown_cents_of_three_real_looking_months_add_up_to_the_shown_total() -> None:
    for month in months_of(days_of(raw_days(TODAY))):
        amounts = [entry.amount for entry in month.services]

        cents = rounded_to_add_up(amounts)

        assert sum(cents) == round(month.total, 2)
        assert all(abs(cent - amount) < Decimal("0.01") for cent, amount in zip(cents, amounts, strict=True))


@pytest.mark.requirement("16.4")
@settings(max_examples=30)
@given(st.data())
def test_any_split_of_days_into_parts_in_any_order_gives_the_same_months(data: st.DataObject) -> None:
    whole = days_of(raw_days(date(2026, 1, 4)))[-2:]
    parts = [
        DailyCost(day=day.day, currency="USD", is_estimated=day.is_estimated, services=(entry,))
        for day in whole
        for entry in day.services
    ]

    shuffled = data.draw(st.permutations(parts))

    assert months_of(shuffled) == months_of(whole)


@given(st.lists(st.decimals("-10000", "10000", places=10), max_size=30))
def test_rounded_amounts_always_add_up(amounts: list[Decimal]) -> None:
    rounded = rounded_to_add_up(amounts)

    assert sum(rounded, Decimal(0)) == round(sum(amounts, Decimal(0)), 2)
    assert all(abs(cent - amount) < Decimal("0.01") for cent, amount in zip(rounded, amounts, strict=True))


def test_refunds_and_credits_lower_the_month_and_services_that_came_to_nothing_are_left_out() -> None:
    days = daily(date(2026, 2, 1), [{"A": "5.10", "B": "2"}, {"A": "-7.30", "B": "-2", "C": "0.0000012"}])

    (month,) = months_of(days)

    assert month.services == (
        CostByService(service="C", amount=Decimal("0.0000012")),
        CostByService(service="A", amount=Decimal("-2.20")),
    )
    assert month.total == Decimal("-2.1999988")


def test_a_month_without_charges_is_a_month_of_zero_and_one_that_is_not_told_is_none() -> None:
    assert [(month.month, month.total) for month in months_of(daily(date(2026, 2, 1), [{}]))] == [
        (date(2026, 2, 1), Decimal(0))
    ]
    assert months_of([]) == ()


def test_a_month_is_estimated_as_long_as_one_of_its_days_is() -> None:
    final, open_day = daily(date(2026, 2, 1), [{"A": "1"}, {"A": "1"}])
    late = DailyCost(day=open_day.day, currency="USD", is_estimated=True, services=open_day.services)

    assert [month.is_estimated for month in months_of([final, open_day])] == [False]
    assert [month.is_estimated for month in months_of([late, final])] == [True]
