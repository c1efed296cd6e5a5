"""Requests and answers are checked against the service models of botocore."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from shared.adapters.aws.backup import AwsBackupService
from shared.domain.restore import RestoreJob, RestoreVerdict
from shared.errors import NotFound, ProviderUnavailable
from shared.ports.backups import DatabaseAddress

ARN = "arn:aws:rds:ap-south-1:123456789012:db:awsbackup-restore-test-0a1b2c3d"


def client_of(service: str) -> Any:
    session: Any = boto3.session.Session()
    return session.client(service, region_name="ap-south-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def backup() -> Iterator[Stubber]:
    with Stubber(client_of("backup")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def rds() -> Iterator[Stubber]:
    with Stubber(client_of("rds")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def service(backup: Any, rds: Any) -> AwsBackupService:
    return AwsBackupService(lambda: backup.client, lambda: rds.client)


async def test_the_restored_database_is_found_by_its_arn(service: AwsBackupService, rds: Stubber) -> None:
    rds.add_response(
        "describe_db_instances",
        {"DBInstances": [{"Endpoint": {"Address": "restored.example", "Port": 5432}}]},
        {"DBInstanceIdentifier": "awsbackup-restore-test-0a1b2c3d"},
    )

    assert await service.restored_database(ARN) == DatabaseAddress(host="restored.example", port=5432)


async def test_a_database_that_is_gone_or_does_not_listen_is_not_found(service: AwsBackupService, rds: Stubber) -> None:
    rds.add_client_error("describe_db_instances", "DBInstanceNotFound", http_status_code=404)
    rds.add_response("describe_db_instances", {"DBInstances": [{}]})

    for _ in range(2):
        with pytest.raises(NotFound):
            await service.restored_database(ARN)


@pytest.mark.parametrize(("is_whole", "status"), [(True, "SUCCESSFUL"), (False, "FAILED")])
async def test_the_verdict_is_reported(
    service: AwsBackupService,
    backup: Stubber,
    *,
    is_whole: bool,
    status: str,
) -> None:
    backup.add_response(
        "put_restore_validation_result",
        {},
        {"RestoreJobId": "job", "ValidationStatus": status, "ValidationStatusMessage": "messages 10"},
    )

    await service.report("job", RestoreVerdict(is_whole=is_whole, message="messages 10"))


async def test_a_report_that_was_heard_before_is_left_as_it_is(service: AwsBackupService, backup: Stubber) -> None:
    backup.add_client_error("put_restore_validation_result", "InvalidRequestException")
    backup.add_response("describe_restore_job", {"ValidationStatus": "SUCCESSFUL"}, {"RestoreJobId": "job"})

    await service.report("job", RestoreVerdict(is_whole=True, message="messages 10"))


async def test_a_report_that_was_refused_is_an_error_that_says_what_to_look_at(
    service: AwsBackupService, backup: Stubber
) -> None:
    backup.add_client_error("put_restore_validation_result", "InvalidRequestException")
    backup.add_response("describe_restore_job", {"ValidationStatus": "TIMED_OUT"}, {"RestoreJobId": "job"})

    with pytest.raises(ProviderUnavailable, match="validation window"):
        await service.report("job", RestoreVerdict(is_whole=True, message="messages 10"))


async def test_a_right_that_is_missing_is_named(service: AwsBackupService, backup: Stubber) -> None:
    backup.add_client_error("put_restore_validation_result", "AccessDeniedException")

    with pytest.raises(ProviderUnavailable, match="AccessDeniedException"):
        await service.report("job", RestoreVerdict(is_whole=True, message="messages 10"))


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("SUCCESSFUL", RestoreVerdict(is_whole=True, message="messages 10")),
        ("FAILED", RestoreVerdict(is_whole=False, message="messages 10")),
        ("VALIDATING", None),
        ("TIMED_OUT", None),
    ],
)
async def test_a_restore_is_known_with_its_backup_and_its_verdict(
    service: AwsBackupService, backup: Stubber, status: str, verdict: RestoreVerdict | None
) -> None:
    backed_up_at = datetime(2026, 3, 2, 22, tzinfo=UTC)
    known = {"ValidationStatus": status, "ValidationStatusMessage": "messages 10"}
    backup.add_response("describe_restore_job", {**known, "RecoveryPointCreationDate": backed_up_at})

    assert await service.restore_job("job") == RestoreJob(backed_up_at=backed_up_at, verdict=verdict)


async def test_the_age_of_the_database_is_read(service: AwsBackupService, rds: Stubber) -> None:
    created_at = datetime(2026, 3, 2, 11, 56, tzinfo=UTC)
    rds.add_response("describe_db_instances", {"DBInstances": [{"InstanceCreateTime": created_at}]})

    assert await service.created_at("vaani-database") == created_at


async def test_the_latest_restorable_time_is_read(service: AwsBackupService, rds: Stubber) -> None:
    latest = datetime(2026, 3, 2, 11, 56, tzinfo=UTC)
    rds.add_response(
        "describe_db_instances",
        {"DBInstances": [{"LatestRestorableTime": latest}]},
        {"DBInstanceIdentifier": "vaani-database"},
    )
    rds.add_response("describe_db_instances", {"DBInstances": [{}]})

    assert await service.latest_restorable_at("vaani-database") == latest
    assert await service.latest_restorable_at("without-backups") is None
