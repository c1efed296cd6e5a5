"""What was told of costs, in S3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.adapters.aws.cost_notes import KEY, S3AnomalyMemory
from shared.domain.cost_anomaly import CostAnomaly
from shared.errors import StoreUnavailable

ANOMALY = CostAnomaly(
    service="Amazon Transcribe",
    first_day=date(2026, 3, 16),
    last_day=date(2026, 3, 17),
    amount=Decimal("13.8512340001"),
    usual_per_day=Decimal("2.01"),
    currency="USD",
    told=True,
)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="data")
        yield client


async def test_what_was_told_is_read_as_it_was_written_and_the_same_is_the_same_bytes(client: Any) -> None:
    memory = S3AnomalyMemory("data", lambda: client)
    assert await memory.load() == ()

    await memory.save((ANOMALY,))
    first = client.get_object(Bucket="data", Key=KEY)["Body"].read()
    await memory.save(await memory.load())

    assert await memory.load() == (ANOMALY,)
    assert client.get_object(Bucket="data", Key=KEY)["Body"].read() == first


async def test_what_cannot_be_read_or_kept_is_said(client: Any) -> None:
    client.put_object(Bucket="data", Key=KEY, Body=b"half a no")

    with pytest.raises(StoreUnavailable):
        await S3AnomalyMemory("data", lambda: client).load()
    with pytest.raises(StoreUnavailable):
        await S3AnomalyMemory("missing", lambda: client).save((ANOMALY,))
    with pytest.raises(StoreUnavailable):
        await S3AnomalyMemory("missing", lambda: client).load()
