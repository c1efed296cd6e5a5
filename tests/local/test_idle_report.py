"""The daily report over emulated AWS: everything that it asks and sends goes over the wire."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import httpx
import pytest
from cheroot.wsgi import Server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local.aged_databases import AgedDatabases
from local.cost_advice import CostAdviceApplication
from local.cost_savings_example import SAVINGS
from local.idle_report import DATABASE, plant_idle_database, record_connections
from local.template import STACK_NAME
from shared.adapters.aws.idle_notes import S3RecommendationStore, SnsNotifier
from shared.adapters.aws.inventory import AwsResourceInventory
from shared.adapters.aws.inventory.inventory import SERVICES
from shared.adapters.aws.reservations import AwsReservations
from shared.use_cases.recommend_savings import RecommendSavings
from shared.use_cases.report_idle_resources import IdleReport, ReportIdleResources

pytestmark = pytest.mark.integration
BUCKET = "vaani-data"


class Platform:
    """Emulated AWS as the local platform has it, with clients that count their calls."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: Counter[str] = Counter()
        session: Any = boto3.session.Session(aws_access_key_id="local", aws_secret_access_key="local")
        self.clients = {
            name: session.client(name, endpoint_url=url, region_name="ap-south-1")
            for name in {*SERVICES, "ce", "s3", "sns"}
        }
        for client in self.clients.values():
            client.meta.events.register("before-call", self._count)
        self.clients["s3"].create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
        self.topic = self.clients["sns"].create_topic(Name="alarms")["TopicArn"]

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[f"{model.service_model.service_name}:{model.name}"] += 1

    def report(self) -> IdleReport:
        """Run it once."""
        return asyncio.run(
            ReportIdleResources(
                AwsResourceInventory(STACK_NAME, "ap-south-1", BUCKET, self.clients.__getitem__),
                AwsReservations("ap-south-1", self.clients.__getitem__),
                S3RecommendationStore(BUCKET, lambda: self.clients["s3"]),
                SnsNotifier(self.topic, lambda: self.clients["sns"]),
                lambda: datetime.now(UTC),
                stack=STACK_NAME,
                region="ap-south-1",
            )()
        )


@pytest.fixture
def platform() -> Iterator[Platform]:
    application = AgedDatabases(CostAdviceApplication(DomainDispatcherApplication(create_backend_app)))
    server = Server(("127.0.0.1", 0), application)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.bind_addr[1]}"
    httpx.post(f"{url}/moto-api/reset", timeout=10).raise_for_status()
    yield Platform(url)
    httpx.post(f"{url}/moto-api/reset", timeout=10).raise_for_status()
    server.stop()
    thread.join(timeout=10)


@pytest.mark.requirement("16.5")
@pytest.mark.requirement("16.3")
def test_a_planted_database_is_told_once_with_what_is_worth_reserving_and_forgotten_when_it_is_used(
    platform: Platform,
) -> None:
    plant_idle_database(platform.url)

    first, second = platform.report(), platform.report()
    record_connections(platform.url, in_last_hours=1)
    third = platform.report()

    (notice,) = first.notices
    assert f"database {DATABASE}: about 54.75 USD a month" in notice.text
    assert "aws rds purchase-reserved-db-instances-offering --region ap-south-1" in notice.text
    assert "vaani-cache-first-year: 2 x cache.t4g.small" in notice.text
    assert second.notices == third.notices == ()
    assert [item.name for item in third.recommendations if item.is_idleness] == []


def test_a_run_asks_little_of_aws(platform: Platform) -> None:
    plant_idle_database(platform.url)
    platform.calls.clear()

    platform.report()

    # Each question to Cost Explorer costs a cent: two of coverage, one of use, two of advice.
    assert sum(calls for name, calls in platform.calls.items() if name.startswith("ce:")) == 5
    assert max(calls for name, calls in platform.calls.items() if not name.startswith("s3:")) <= 2
    assert sum(platform.calls.values()) < 40


def test_the_documented_example_has_the_fields_of_the_answer(platform: Platform) -> None:
    plant_idle_database(platform.url)
    platform.report()
    store = S3RecommendationStore(BUCKET, lambda: platform.clients["s3"])
    reservations = AwsReservations("ap-south-1", platform.clients.__getitem__)

    shown: dict[str, Any] = dict(asyncio.run(RecommendSavings(reservations, store, lambda: datetime.now(UTC))()))

    assert {name: items[0].keys() for name, items in shown.items()} == {
        name: items[0].keys() for name, items in SAVINGS.items()
    }
