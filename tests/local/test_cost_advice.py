from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from cheroot.wsgi import Server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local.cost_advice import CostAdviceApplication
from shared.adapters.aws.reservations import AwsReservations

LoadClient = Callable[[], Any]


@pytest.fixture(scope="module")
def cost_explorer() -> Iterator[LoadClient]:
    server = Server(("127.0.0.1", 0), CostAdviceApplication(DomainDispatcherApplication(create_backend_app)))
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


async def test_a_new_account_has_no_reservations_to_advise_on(cost_explorer: LoadClient) -> None:
    assert await AwsReservations(cost_explorer).advice() == ()


def test_other_questions_are_for_the_emulator_behind(cost_explorer: LoadClient) -> None:
    answer = cost_explorer().get_cost_and_usage(
        TimePeriod={"Start": "2026-01-01", "End": "2026-02-01"}, Granularity="MONTHLY", Metrics=["UnblendedCost"]
    )

    assert answer["ResultsByTime"] == []
