"""What is unusual about costs, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from shared.domain.cost_anomaly import FEWEST_BASELINE_DAYS, find_anomalies, with_memory
from tests.cost_samples import daily, steady, with_more

FEBRUARY = date(2026, 2, 1)
TODAY = date(2026, 3, 15)
LAST_SETTLED = date(2026, 3, 13)
USUAL = steady(FEBRUARY, 43)


@pytest.mark.requirement("16.4")
def test_a_day_far_above_the_four_weeks_before_is_named_with_what_it_cost_more() -> None:
    (anomaly,) = find_anomalies(with_more(USUAL, LAST_SETTLED, "30"), TODAY)

    assert (anomaly.service, anomaly.first_day, anomaly.last_day) == ("Amazon RDS", LAST_SETTLED, LAST_SETTLED)
    assert (anomaly.amount, anomaly.usual_per_day, anomaly.excess) == (Decimal(40), Decimal(10), Decimal(30))
    assert "usage type" in anomaly.where_to_look


def test_consecutive_days_are_one_anomaly_and_the_dearest_comes_first() -> None:
    days = with_more(with_more(USUAL, LAST_SETTLED, "30"), LAST_SETTLED - timedelta(days=1), "30")
    days = with_more(days, LAST_SETTLED, "100", "Amazon Transcribe")

    first, second = find_anomalies(days, TODAY)

    assert (first.service, first.where_to_look[:7]) == ("Amazon Transcribe", "Minutes")
    assert (second.first_day, second.last_day, second.excess) == (
        LAST_SETTLED - timedelta(days=1),
        LAST_SETTLED,
        Decimal(60),
    )


def test_days_that_are_not_settled_are_not_judged_yet() -> None:
    assert find_anomalies(with_more(steady(FEBRUARY, 43), date(2026, 3, 14), "500"), TODAY) == ()


def test_cents_alarm_nobody() -> None:
    days = with_more(steady(FEBRUARY, 43, "0.01"), LAST_SETTLED, "0.95")

    assert find_anomalies(days, TODAY) == ()


def test_what_varies_much_has_to_vary_more() -> None:
    amounts = [{"Amazon Transcribe": str(10 + 8 * (number % 3))} for number in range(43)]
    days = with_more(daily(FEBRUARY, amounts), LAST_SETTLED, "15", "Amazon Transcribe")

    assert find_anomalies(days, TODAY) == ()


@pytest.mark.requirement("16.4")
@pytest.mark.parametrize("service", ["Amazon Route 53", "Tax", "Amazon Registrar", "AWS Support (Business)"])
def test_what_is_charged_once_a_month_or_a_year_is_no_anomaly(service: str) -> None:
    assert find_anomalies(with_more(USUAL, date(2026, 3, 10), "90", service), TODAY) == ()


@pytest.mark.requirement("16.4")
def test_a_fee_of_the_first_day_of_a_month_is_no_anomaly() -> None:
    assert find_anomalies(with_more(steady(FEBRUARY, 33), date(2026, 3, 1), "90"), date(2026, 3, 5)) == ()


def test_what_begins_on_the_first_day_and_goes_on_is_one() -> None:
    days = with_more(with_more(steady(FEBRUARY, 33), date(2026, 3, 1), "90"), date(2026, 3, 2), "90")

    (anomaly,) = find_anomalies(days, date(2026, 3, 5))

    assert (anomaly.first_day, anomaly.last_day) == (date(2026, 3, 1), date(2026, 3, 2))


def test_a_fee_that_came_about_the_same_day_last_month_is_no_anomaly() -> None:
    days = with_more(with_more(USUAL, date(2026, 2, 10), "90"), date(2026, 3, 11), "88")

    assert find_anomalies(days, TODAY) == ()


@pytest.mark.requirement("16.4")
def test_the_first_days_of_an_account_and_of_a_month_alarm_nobody() -> None:
    for number in range(1, 14):
        assert find_anomalies(steady(FEBRUARY, number), FEBRUARY + timedelta(days=number)) == ()
    for number in range(29, 36):
        assert find_anomalies(steady(FEBRUARY, number), FEBRUARY + timedelta(days=number)) == ()


def test_a_refund_is_no_anomaly() -> None:
    assert find_anomalies(with_more(USUAL, LAST_SETTLED, "-500"), TODAY) == ()


@pytest.mark.requirement("16.4")
def test_one_that_goes_on_is_not_new_each_day_and_one_after_a_quiet_time_is() -> None:
    days = with_more(USUAL, date(2026, 3, 12), "30")
    known = tuple(replace(anomaly, told=True) for anomaly in find_anomalies(days, date(2026, 3, 14)))
    on_and_on = find_anomalies(with_more(days, LAST_SETTLED, "30"), TODAY)
    again = find_anomalies(with_more(steady(FEBRUARY, 60), date(2026, 3, 28), "30"), date(2026, 3, 30))

    assert [anomaly.told for anomaly in with_memory(on_and_on, known)] == [True]
    assert [anomaly.told for anomaly in with_memory(again, known)] == [False]
    assert [anomaly.told for anomaly in with_memory(on_and_on, ())] == [False]


def test_a_service_that_begins_is_told_once_and_then_is_usual() -> None:
    days = [*USUAL[:30], *daily(date(2026, 3, 3), [{"Amazon RDS": "10", "Amazon Bedrock": "8"}] * 30)]
    known: tuple[object, ...] = ()
    new = 0
    for number in range(1, 32):
        today = date(2026, 3, 3) + timedelta(days=number)
        found = with_memory(find_anomalies([day for day in days if day.day <= today], today), known)  # type: ignore[arg-type]
        new += sum(not anomaly.told for anomaly in found)
        known = tuple(replace(anomaly, told=True) for anomaly in found)

    assert new == 1
    assert known == ()


def test_two_weeks_are_enough_to_know_what_is_usual() -> None:
    first = LAST_SETTLED - timedelta(days=FEWEST_BASELINE_DAYS)
    days = with_more(steady(first, FEWEST_BASELINE_DAYS + 1), LAST_SETTLED, "30")

    assert len(find_anomalies(days, TODAY)) == 1
    assert find_anomalies(days[1:], TODAY) == ()


def test_a_charge_two_days_off_that_of_last_month_is_no_known_fee() -> None:
    days = with_more(with_more(USUAL, date(2026, 2, 9), "90"), date(2026, 3, 11), "88")

    assert len(find_anomalies(days, TODAY)) == 1


def test_days_with_a_usual_one_between_them_are_two_anomalies() -> None:
    days = with_more(with_more(USUAL, LAST_SETTLED, "30"), LAST_SETTLED - timedelta(days=2), "40")

    found = find_anomalies(days, TODAY)

    assert [(anomaly.first_day, anomaly.last_day) for anomaly in found] == [
        (LAST_SETTLED - timedelta(days=2), LAST_SETTLED - timedelta(days=2)),
        (LAST_SETTLED, LAST_SETTLED),
    ]


@pytest.mark.parametrize(("later", "is_known"), [(2, True), (3, False)])
def test_what_comes_again_after_one_usual_day_was_told_already(later: int, *, is_known: bool) -> None:
    told = replace(find_anomalies(with_more(USUAL, date(2026, 3, 8), "30"), date(2026, 3, 10))[0], told=True)
    (again,) = find_anomalies(with_more(USUAL, date(2026, 3, 8 + later), "30"), TODAY)

    assert [anomaly.told for anomaly in with_memory([again], [told])] == [is_known]
