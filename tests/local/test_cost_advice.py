"""botocore reads what is answered, so the shapes are those of the services."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from cheroot.wsgi import Server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local.cost_advice import CostAdviceApplication
from shared.adapters.aws.reservations import SERVICES, AwsReservations
from shared.domain.reservation import CACHES, DATABASES

LoadClient = Callable[[str], Any]
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def client() -> Iterator[LoadClient]:
    application = CostAdviceApplication(DomainDispatcherApplication(create_backend_app), lambda: NOW)
    server = Server(("127.0.0.1", 0), application)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    session: Any = boto3.session.Session(aws_access_key_id="local", aws_secret_access_key="local")
    clients = {
        name: session.client(name, endpoint_url=f"http://127.0.0.1:{server.bind_addr[1]}", region_name="ap-south-1")
        for name in (*SERVICES, "sns")
    }
    yield clients.__getitem__
    server.stop()
    thread.join(timeout=10)


@pytest.mark.requirement("16.3")
async def test_the_played_account_runs_steadily_and_has_half_of_its_cache_reserved(client: LoadClient) -> None:
    report = await AwsReservations("ap-south-1", client).report(date(2026, 11, 23))

    assert {item.service: (item.percent, item.utilisation_percent) for item in report.coverage} == {
        DATABASES: (Decimal("0.0"), None),
        CACHES: (Decimal("50.0"), Decimal("98.6")),
    }
    assert [(item.instance, item.count, item.break_even_months) for item in report.advice] == [
        ("db.t4g.medium", 1, 9),
        ("cache.t4g.small", 2, 9),
    ]
    assert all(item.offering_id for item in report.advice)
    assert [(item.id, item.ends_at) for item in report.reservations or ()] == [
        ("vaani-cache-first-year", NOW + timedelta(days=40))
    ]


def test_other_questions_are_for_the_emulator_behind(client: LoadClient) -> None:
    answer = client("ce").get_cost_and_usage(
        TimePeriod={"Start": "2026-01-01", "End": "2026-02-01"}, Granularity="MONTHLY", Metrics=["UnblendedCost"]
    )

    assert answer["ResultsByTime"] == []


def test_other_forms_reach_the_emulator_whole(client: LoadClient) -> None:
    topic = client("sns").create_topic(Name="alarms")["TopicArn"]

    assert topic.endswith(":alarms")
