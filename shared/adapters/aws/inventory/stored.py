"""What is kept and paid by its size or number: disks, unfinished uploads, backups, secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.adapters.aws.inventory.candidate import Candidate, Stack
from shared.domain.idle import ObservedResource, ResourceKind

_GIGABYTE = 1024**3
# Sizes are asked for one upload at a time; who has more of them than this has another worry than their exact size.
_UPLOADS_MEASURED = 20
# Readers keep a secret for hours, so a day without a reader says nothing; its last reading is known by the day only.
_SECRET_UNREAD = timedelta(days=30)


def volumes(stack: Stack) -> Iterator[Candidate]:
    """Disks that bear the stack's tag; the template makes none, people who look into things do."""
    by_id = {arn.rpartition("/")[2]: arn for arn in stack.tagged.get("ec2:volume", ())}
    if not by_id:
        return
    for page in stack.pages("ec2", "describe_volumes", VolumeIds=list(by_id)):
        for volume in page["Volumes"]:
            name = volume["VolumeId"]
            yield Candidate(
                resource=ObservedResource(
                    kind=ResourceKind.VOLUME,
                    arn=by_id[name],
                    name=name,
                    is_idle=volume["State"] == "available",
                    unit="volume",
                    quantity=Decimal(volume["Size"]),
                )
            )


def unfinished_uploads(stack: Stack) -> Iterator[Candidate]:
    """Uploads in parts to the bucket of the platform that began more than a day ago, together."""
    arn = f"arn:aws:s3:::{stack.bucket}"
    if not stack.bucket or arn in stack.kept:
        return
    pages = stack.pages("s3", "list_multipart_uploads", Bucket=stack.bucket)
    uploads = [upload for page in pages for upload in page.get("Uploads", [])]
    old = sorted((item for item in uploads if item["Initiated"] <= stack.window.since), key=_initiated)
    size = sum(_size_of(upload, stack) for upload in old[:_UPLOADS_MEASURED])
    yield Candidate(
        resource=ObservedResource(
            kind=ResourceKind.UNFINISHED_UPLOAD,
            arn=arn,
            name=stack.bucket,
            is_idle=bool(old),
            idle_since=old[0]["Initiated"] if old else None,
            unit="stored_object",
            quantity=_gigabytes(size),
        )
    )


def recovery_points(stack: Stack) -> Iterator[Candidate]:
    """Backups that should be gone, or that nobody gave an end."""
    for arn in stack.tagged.get("backup:backup-vault", ()):
        vault = arn.rpartition(":")[2]
        for page in stack.pages("backup", "list_recovery_points_by_backup_vault", BackupVaultName=vault):
            for point in page["RecoveryPoints"]:
                if point["Status"] in ("COMPLETED", "EXPIRED"):
                    yield Candidate(resource=_recovery_point(point, stack))


def secrets(stack: Stack) -> Iterator[Candidate]:
    """Secrets that nobody reads."""
    for arn in stack.tagged.get("secretsmanager:secret", ()):
        found = stack.client("secretsmanager").describe_secret(SecretId=arn)
        last = max(moment for name in ("CreatedDate", "LastAccessedDate") if (moment := found.get(name)))
        yield Candidate(
            resource=ObservedResource(
                kind=ResourceKind.SECRET,
                arn=arn,
                name=found["Name"],
                is_idle=last + _SECRET_UNREAD <= stack.window.since,
                idle_since=last,
                unit="secret",
            )
        )


def _recovery_point(point: Any, stack: Stack) -> ObservedResource:
    ends_at = point.get("CalculatedLifecycle", {}).get("DeleteAt")
    since: datetime = ends_at or point["CreationDate"]
    return ObservedResource(
        kind=ResourceKind.RECOVERY_POINT,
        arn=point["RecoveryPointArn"],
        name=point["RecoveryPointArn"].rpartition(":")[2],
        is_idle=since <= stack.window.since,
        idle_since=since,
        unit="recovery_point",
        quantity=_gigabytes(point.get("BackupSizeInBytes", 0)),
    )


def _size_of(upload: Any, stack: Stack) -> int:
    pages = stack.pages("s3", "list_parts", Bucket=stack.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    return sum(part["Size"] for page in pages for part in page.get("Parts", []))


def _initiated(upload: Any) -> datetime:
    initiated: datetime = upload["Initiated"]
    return initiated


def _gigabytes(size: int) -> Decimal:
    return (Decimal(size) / _GIGABYTE).quantize(Decimal("0.001"))
