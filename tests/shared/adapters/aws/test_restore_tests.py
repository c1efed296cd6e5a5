from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from shared.adapters.aws.restore_tests import CloudWatchRestoreTests
from shared.errors import ProviderUnavailable

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
SINCE = NOW - timedelta(days=40)
ASKED = {
    "Namespace": "Vaani",
    "MetricName": "restore_succeeded",
    "Dimensions": [{"Name": "service", "Value": "restore_check"}],
    "StartTime": SINCE,
    "EndTime": NOW,
    "Period": 3600,
    "Statistics": ["Maximum"],
}


@pytest.fixture
def cloudwatch() -> Iterator[Stubber]:
    session: Any = boto3.session.Session()
    client = session.client(
        "cloudwatch", region_name="ap-south-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def restore_tests(cloudwatch: Any) -> CloudWatchRestoreTests:
    return CloudWatchRestoreTests(lambda: cloudwatch.client, lambda: NOW, service="restore_check")


async def test_the_latest_test_that_found_a_whole_database_counts(
    restore_tests: CloudWatchRestoreTests, cloudwatch: Stubber
) -> None:
    found = [(35, 1.0), (4, 1.0), (2, 0.0)]
    points = [{"Timestamp": NOW - timedelta(days=days), "Maximum": maximum} for days, maximum in found]
    cloudwatch.add_response("get_metric_statistics", {"Datapoints": points}, ASKED)

    assert await restore_tests.last_success_at(since=SINCE) == NOW - timedelta(days=4)


async def test_without_a_test_there_is_no_success(restore_tests: CloudWatchRestoreTests, cloudwatch: Stubber) -> None:
    cloudwatch.add_response("get_metric_statistics", {"Datapoints": []})

    assert await restore_tests.last_success_at(since=SINCE) is None


async def test_a_refusal_is_no_answer(restore_tests: CloudWatchRestoreTests, cloudwatch: Stubber) -> None:
    cloudwatch.add_client_error("get_metric_statistics", "AccessDenied")

    with pytest.raises(ProviderUnavailable):
        await restore_tests.last_success_at(since=SINCE)


def test_a_day_of_the_longest_look_back_fits_into_one_answer() -> None:
    most_points_of_an_answer = 1440

    assert timedelta(days=40) / timedelta(hours=1) <= most_points_of_an_answer
