from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.idle import ResourceKind
from tests.shared.adapters.aws.inventory.cloud import OLD, WINDOW, YOUNG, Cloud, arn

VOLUME = arn("ec2", "volume/vol-1")
VAULT = arn("backup", "backup-vault:vaani-dev-backups")
SECRET = arn("secretsmanager", "secret:ProviderSecret-1a2b3c")


async def test_an_attached_volume_is_in_use_and_a_free_one_is_not(cloud: Cloud) -> None:
    cloud.holds(VOLUME, VOLUME.replace("vol-1", "vol-2"))
    volumes = [
        {"VolumeId": "vol-1", "State": "available", "Size": 20},
        {"VolumeId": "vol-2", "State": "in-use", "Size": 30},
    ]
    cloud.answer("ec2", "describe_volumes", {"Volumes": volumes})

    found = await cloud.observe()

    assert [(volume.is_idle, volume.quantity) for volume in found] == [(True, Decimal(20)), (False, Decimal(30))]


@pytest.mark.requirement("16.5")
async def test_uploads_that_began_a_day_ago_are_added_up_page_by_page(cloud: Cloud) -> None:
    def upload(key: str, began: datetime) -> dict[str, Any]:
        return {"Key": key, "UploadId": f"id-{key}", "Initiated": began}

    cloud.bucket = "vaani-data"
    cloud.holds()
    first = {"Uploads": [upload("a", OLD)], "IsTruncated": True, "NextKeyMarker": "a", "NextUploadIdMarker": "id-a"}
    cloud.answer("s3", "list_multipart_uploads", first)
    cloud.answer("s3", "list_multipart_uploads", {"Uploads": [upload("b", OLD), upload("c", YOUNG)]})
    cloud.answer("s3", "list_parts", {"Parts": [{"PartNumber": 1, "Size": 1024**3}]})
    cloud.answer("s3", "list_parts", {"Parts": [{"PartNumber": 1, "Size": 2 * 1024**3}]})

    (uploads,) = await cloud.observe()

    assert (uploads.kind, uploads.is_idle, uploads.idle_since) == (ResourceKind.UNFINISHED_UPLOAD, True, OLD)
    assert uploads.quantity == Decimal(3)


async def test_a_bucket_without_old_uploads_is_in_order(cloud: Cloud) -> None:
    cloud.bucket = "vaani-data"
    cloud.holds()
    cloud.answer("s3", "list_multipart_uploads", {})

    (uploads,) = await cloud.observe()

    assert uploads.is_idle is False


async def test_backups_beyond_their_end_or_without_one_are_found(cloud: Cloud) -> None:
    def point(name: str, status: str = "COMPLETED", **given: Any) -> dict[str, Any]:
        found = {"RecoveryPointArn": arn("rds", f"snapshot:awsbackup:{name}"), "Status": status, "CreationDate": OLD}
        return {**found, "BackupSizeInBytes": 5 * 1024**3, **given}

    cloud.holds(VAULT)
    points = [
        point("over", "EXPIRED", CalculatedLifecycle={"DeleteAt": WINDOW.since - timedelta(days=1)}),
        point("for-ever"),
        point("in-time", CalculatedLifecycle={"DeleteAt": WINDOW.until + timedelta(days=3)}),
        point("going", "DELETING"),
    ]
    question = {"BackupVaultName": "vaani-dev-backups"}
    cloud.answer("backup", "list_recovery_points_by_backup_vault", {"RecoveryPoints": points}, question)

    found = await cloud.observe()

    assert {item.name: item.is_idle for item in found} == {"over": True, "for-ever": True, "in-time": False}
    assert found[0].quantity == Decimal(5)


@pytest.mark.requirement("16.5")
@pytest.mark.parametrize(
    ("read", "is_idle"),
    [
        ({"LastAccessedDate": WINDOW.since - timedelta(days=30)}, True),
        ({"LastAccessedDate": WINDOW.since - timedelta(days=29)}, False),
        ({"LastAccessedDate": YOUNG}, False),
        ({}, True),
    ],
)
async def test_a_secret_is_idle_when_nobody_read_it_for_thirty_days(
    cloud: Cloud, read: dict[str, datetime], *, is_idle: bool
) -> None:
    cloud.holds(SECRET)
    cloud.answer("secretsmanager", "describe_secret", {"Name": "ProviderSecret", "CreatedDate": OLD, **read})

    (secret,) = await cloud.observe()

    assert (secret.name, secret.is_idle) == ("ProviderSecret", is_idle)
