"""The emulated Cost Explorer: made-up accounts in pages, unless a test put others into it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import boto3
import pytest
from cheroot.wsgi import Server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local.cost_accounts import CostAccountsApplication
from local.made_up_accounts import LABEL
from shared.adapters.aws.cost_explorer import CostExplorer
from shared.domain.cost import months_of
from tests.cost_samples import days_of, raw_days

TODAY = date(2026, 3, 20)
LoadClient = Callable[[], Any]


@pytest.fixture(scope="module")
def cost_explorer() -> Iterator[LoadClient]:
    moto = DomainDispatcherApplication(create_backend_app)
    server = Server(("127.0.0.1", 0), CostAccountsApplication(moto, lambda: TODAY, days_a_page=30))
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    client = boto3.client(
        "ce",
        endpoint_url=f"http://127.0.0.1:{server.bind_addr[1]}",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    yield lambda: client
    server.stop()
    thread.join(timeout=10)


@pytest.mark.requirement("16.4")
async def test_three_made_up_months_are_read_over_their_pages(cost_explorer: LoadClient) -> None:
    days = await CostExplorer(cost_explorer).daily(since=date(2026, 1, 1), until=date(2026, 3, 21))

    assert months_of(days) == months_of(days_of(raw_days(TODAY)))
    assert all(entry.service.endswith(LABEL) for day in days for entry in day.services)


async def test_only_the_days_that_are_asked_for_are_told(cost_explorer: LoadClient) -> None:
    days = await CostExplorer(cost_explorer).daily(since=date(2026, 3, 1), until=date(2026, 3, 3))

    assert [day.day for day in days] == [date(2026, 3, 1), date(2026, 3, 2)]


def test_other_questions_are_for_the_emulator_behind(cost_explorer: LoadClient) -> None:
    answer = cost_explorer().get_cost_and_usage(
        TimePeriod={"Start": "2026-01-01", "End": "2026-02-01"}, Granularity="MONTHLY", Metrics=["UnblendedCost"]
    )

    assert answer["ResultsByTime"] == []
