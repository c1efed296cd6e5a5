from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from shared import errors
from shared.adapters.aws.cost_explorer import CostExplorer
from shared.adapters.aws.kept_answers import KEPT_SECONDS, REGION

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
        "Granularity": "MONTHLY",
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


async def test_pages_are_joined_and_a_month_spread_over_them_added_up(costs: CostExplorer, service: Stubber) -> None:
    service.add_response(
        "get_cost_and_usage",
        {"ResultsByTime": [result("2026-01-01", ("RDS", "0.1"), ("S3", "0.3"))], "NextPageToken": "2"},
        question(),
    )
    service.add_response(
        "get_cost_and_usage",
        {"ResultsByTime": [result("2026-01-01", ("RDS", "0.2")), result("2026-02-01", ("RDS", "7"), estimated=True)]},
        question(NextPageToken="2"),
    )

    january, february = await costs.monthly(since=JANUARY, until=MARCH)

    assert [(entry.service, entry.amount) for entry in january.services] == [
        ("RDS", Decimal("0.3")),
        ("S3", Decimal("0.3")),
    ]
    assert january.total == Decimal("0.6")
    assert (february.month, february.is_estimated, january.is_estimated) == (date(2026, 2, 1), True, False)


async def test_the_same_question_is_paid_for_once_in_hours(costs: CostExplorer, service: Stubber, clock: Clock) -> None:
    for amount in ("1", "2"):
        service.add_response("get_cost_and_usage", {"ResultsByTime": [result("2026-01-01", ("RDS", amount))]})

    first = await costs.monthly(since=JANUARY, until=MARCH)
    again = await costs.monthly(since=JANUARY, until=MARCH)
    clock.now += KEPT_SECONDS
    later = await costs.monthly(since=JANUARY, until=MARCH)

    assert [months[0].total for months in (first, again, later)] == [Decimal(1), Decimal(1), Decimal(2)]


async def test_a_refusal_is_an_outage(costs: CostExplorer, service: Stubber) -> None:
    service.add_client_error("get_cost_and_usage", "LimitExceededException", http_status_code=400)

    with pytest.raises(errors.ProviderUnavailable):
        await costs.monthly(since=JANUARY, until=MARCH)
