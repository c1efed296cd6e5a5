from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.idle import ObservedResource, ResourceKind, is_quiet, recommend, window_before

NOW = datetime(2026, 3, 2, 12, 40, tzinfo=UTC)
WINDOW = window_before(NOW)
ALL_HOURS = [WINDOW.since + timedelta(hours=number) for number in range(24)]


def test_the_window_is_24_full_hours_and_leaves_out_those_whose_measurements_may_be_late() -> None:
    assert (WINDOW.since, WINDOW.until) == (NOW.replace(day=1, hour=11, minute=0), NOW.replace(hour=11, minute=0))


@pytest.mark.parametrize(
    ("hourly", "verdict"),
    [
        (dict.fromkeys(ALL_HOURS, 0.0), True),
        ({**dict.fromkeys(ALL_HOURS, 0.0), ALL_HOURS[23]: 1.0}, False),
        (dict.fromkeys(ALL_HOURS[:23], 0.0), None),
        ({ALL_HOURS[0]: 1.0}, False),
        ({}, None),
    ],
    ids=["quiet", "used in the last hour", "an hour is missing", "used, rest missing", "nothing known"],
)
def test_only_24_quiet_hours_are_quiet(hourly: dict[datetime, float], verdict: bool | None) -> None:  # noqa: FBT001
    assert is_quiet(hourly, WINDOW, at_most=0, absent_is_zero=False) is verdict


def test_hours_that_are_reported_only_when_used_may_be_absent() -> None:
    assert is_quiet({}, WINDOW, at_most=0, absent_is_zero=True)


def test_a_recommendation_states_its_price_and_what_it_assumes() -> None:
    database = ObservedResource(
        kind=ResourceKind.DATABASE, arn="arn:db", is_idle=True, unit="db.t4g.medium", quantity=Decimal(2)
    )

    recommendation = recommend(database, idle_since=NOW)

    assert recommendation.monthly_cost == Decimal("134.32")
    assert recommendation.assumption == "2 at an assumed 0.092 USD per hour."


def test_what_has_no_assumed_price_gets_no_estimate() -> None:
    unknown = ObservedResource(kind=ResourceKind.DATABASE, arn="arn:db", is_idle=True, unit="db.x9.huge")

    assert recommend(unknown, idle_since=NOW).monthly_cost is None
