from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import errors
from shared.adapters.aws.cost_explorer import MOST_PAGES, CostExplorer
from shared.adapters.aws.kept_answers import KEPT_SECONDS, REGION
from shared.domain.cost import months_of
from tests.cost_samples import days_of, raw_days

JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)


class Clock:
    """A clock that moves when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def client() -> Any:
    return boto3.client("ce", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def service(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def costs(client: Any, clock: Clock, service: Stubber) -> CostExplorer:
    return CostExplorer(lambda: client, clock)


def question(**more: str) -> dict[str, object]:
    return {
        "TimePeriod": {"Start": "2026-01-01", "End": "2026-03-01"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
        **more,
    }


def result(start: str, *groups: tuple[str, str], estimated: bool = False) -> dict[str, object]:
    return {
        "TimePeriod": {"Start": start, "End": "2026-12-31"},
        "Estimated": estimated,
        "Groups": [
            {"Keys": [name], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}} for name, amount in groups
        ],
    }


@pytest.mark.requirement("16.4")
async def test_pages_are_joined_and_a_day_spread_over_them_added_up(costs: CostExplorer, service: Stubber) -> None:
    service.add_response(
        "get_cost_and_usage",
        {"ResultsByTime": [result("2026-01-01", ("RDS", "0.1"), ("S3", "0.3"))], "NextPageToken": "2"},
        question(),
    )
    service.add_response(
        "get_cost_and_usage",
        {"ResultsByTime": [result("2026-01-01", ("RDS", "0.2")), result("2026-01-02", ("RDS", "7"), estimated=True)]},
        question(NextPageToken="2"),
    )

    first, second = await costs.daily(since=JANUARY, until=MARCH)

    assert [(entry.service, entry.amount) for entry in first.services] == [
        ("RDS", Decimal("0.3")),
        ("S3", Decimal("0.3")),
    ]
    assert first.total == Decimal("0.6")
    assert (second.day, second.is_estimated, first.is_estimated) == (date(2026, 1, 2), True, False)


async def test_the_same_question_is_paid_for_once_in_hours(costs: CostExplorer, service: Stubber, clock: Clock) -> None:
    for amount in ("1", "2"):
        service.add_response("get_cost_and_usage", {"ResultsByTime": [result("2026-01-01", ("RDS", amount))]})

    first = await costs.daily(since=JANUARY, until=MARCH)
    again = await costs.daily(since=JANUARY, until=MARCH)
    clock.now += KEPT_SECONDS
    later = await costs.daily(since=JANUARY, until=MARCH)

    assert [days[0].total for days in (first, again, later)] == [Decimal(1), Decimal(1), Decimal(2)]


async def test_a_refusal_is_an_outage(costs: CostExplorer, service: Stubber) -> None:
    service.add_client_error("get_cost_and_usage", "LimitExceededException", http_status_code=400)

    with pytest.raises(errors.ProviderUnavailable):
        await costs.daily(since=JANUARY, until=MARCH)


@pytest.mark.requirement("16.4")
async def test_currencies_are_not_added_up(costs: CostExplorer, service: Stubber) -> None:
    rupees = {"Keys": ["S3"], "Metrics": {"UnblendedCost": {"Amount": "80", "Unit": "INR"}}}
    nothing = {"Keys": ["SQS"], "Metrics": {"UnblendedCost": {"Amount": "0", "Unit": ""}}}
    day = result("2026-01-01", ("RDS", "1"))
    service.add_response(
        "get_cost_and_usage", {"ResultsByTime": [{**day, "Groups": [*groups_of(day), nothing]}]}, question()
    )
    service.add_response("get_cost_and_usage", {"ResultsByTime": [{**day, "Groups": [*groups_of(day), rupees]}]})

    (told,) = await costs.daily(since=JANUARY, until=MARCH)
    with pytest.raises(errors.ProviderUnavailable):
        await costs.daily(since=JANUARY, until=date(2026, 2, 1))

    assert (told.currency, len(told.services)) == ("USD", 1)


async def test_answers_without_an_end_are_an_outage(costs: CostExplorer, service: Stubber) -> None:
    for _ in range(MOST_PAGES):
        service.add_response("get_cost_and_usage", {"ResultsByTime": [], "NextPageToken": "again"})

    with pytest.raises(errors.ProviderUnavailable):
        await costs.daily(since=JANUARY, until=MARCH)


@pytest.mark.requirement("16.4")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_split_into_pages_gives_the_same_report(data: st.DataObject) -> None:
    whole = raw_days(date(2026, 3, 3))
    rows = [(day, group) for day in whole for group in day["Groups"]]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rows) - 1), max_size=8)))
    pages = [rows[begin:end] for begin, end in pairwise([0, *cuts, len(rows)])]
    client = boto3.client("ce", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")
    with Stubber(client) as stubber:
        for number, page in enumerate(pages, start=1):
            more = {"NextPageToken": str(number)} if number < len(pages) else {}
            by_day = [
                {**{key: value for key, value in day.items() if key != "Groups"}, "Groups": [group]}
                for day, group in page
            ]
            stubber.add_response("get_cost_and_usage", {"ResultsByTime": by_day, **more})

        days = await CostExplorer(lambda: client, Clock()).daily(since=JANUARY, until=date(2026, 3, 4))

    assert months_of(days) == months_of(days_of(whole))


def groups_of(day: dict[str, object]) -> list[object]:
    groups = day["Groups"]
    assert isinstance(groups, list)
    return groups
