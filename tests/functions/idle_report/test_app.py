"""The function by its scheduled event, over emulated S3 and SNS."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from moto.sns.models import sns_backends

from shared import lambda_runtime
from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.idle_notes import S3RecommendationStore, SnsNotifier
from shared.domain.idle import ObservedResource, ResourceKind
from shared.domain.idle_recommendation import Notes
from shared.errors import StoreUnavailable, VersionConflict
from shared.use_cases.report_idle_resources import ReportIdleResources
from tests.fakes.idle import FakeInventory
from tests.fakes.reservations import FakeReservations
from tests.functions.loading import load_function

pytestmark = pytest.mark.integration
EVENT = Path(__file__).parents[3] / "events" / "idle_report" / "schedule.json"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def topic(aws_url: str) -> str:
    sns = AwsClient("sns", region="ap-south-1", endpoint_url=aws_url)
    return str(sns().create_topic(Name="alarms")["TopicArn"])


@pytest.fixture
def store(bucket: str, s3: AwsClient) -> S3RecommendationStore:
    return S3RecommendationStore(bucket, s3)


@pytest.fixture
def module(store: S3RecommendationStore, topic: str, aws_url: str) -> ModuleType:
    database = ObservedResource(
        kind=ResourceKind.DATABASE,
        arn="arn:database",
        name="database",
        is_idle=True,
        idle_since=NOW - timedelta(hours=25),
        unit="db.t4g.small",
    )
    notifier = SnsNotifier(topic, AwsClient("sns", region="ap-south-1", endpoint_url=aws_url))
    return load_function(
        "idle_report",
        report_idle_resources=ReportIdleResources(
            FakeInventory([database]),
            FakeReservations(),
            store,
            notifier,
            lambda: NOW,
            stack="vaani-dev",
            region="ap-south-1",
        ),
    )


def sent(topic: str) -> list[Any]:
    return [note[1] for note in sns_backends["123456789012"]["ap-south-1"].topics[topic].sent_notifications]


@pytest.mark.requirement("16.5")
def test_a_finding_is_published_once_and_kept_for_admins(
    module: ModuleType, store: S3RecommendationStore, topic: str
) -> None:
    event = json.loads(EVENT.read_text())

    first, second = module.handler(event, None), module.handler(event, None)

    (notice,) = sent(topic)
    assert "arn:database" in notice
    notes, _ = lambda_runtime.run(store.load())
    (kept,) = notes.recommendations
    assert (kept.told_at, kept.since) == (NOW, NOW - timedelta(hours=25))
    assert [item["text"] for item in first["notices"]] == [notice]
    assert second == {"recommendations": 1, "notices": []}


def test_of_two_writers_the_second_is_refused_and_the_first_stands(store: S3RecommendationStore) -> None:
    notes, nothing = lambda_runtime.run(store.load())
    first = lambda_runtime.run(store.save(Notes(reminded_in="2026-01"), after=nothing))

    with pytest.raises(VersionConflict):
        lambda_runtime.run(store.save(notes, after=nothing))
    lambda_runtime.run(store.save(Notes(reminded_in="2026-02"), after=first))
    with pytest.raises(VersionConflict):
        lambda_runtime.run(store.save(notes, after=first))

    kept, _ = lambda_runtime.run(store.load())
    assert kept.reminded_in == "2026-02"


def test_a_note_that_cannot_be_read_is_not_taken_for_none(store: S3RecommendationStore, bucket: str, s3: Any) -> None:
    s3().put_object(Bucket=bucket, Key="reports/recommendations.json", Body=b"[{]")

    with pytest.raises(StoreUnavailable):
        lambda_runtime.run(store.load())
