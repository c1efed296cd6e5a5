"""Removing every version under a folder of a bucket that keeps versions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.adapters.aws import s3_erasure
from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.s3 import S3RecordingStore
from shared.adapters.aws.s3_erasure import S3UserObjects
from shared.domain.erasure import CallTrace
from shared.errors import StoreUnavailable

pytestmark = pytest.mark.integration
STARTED_AT = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
CALL = CallTrace(call_sid="CA0001", started_at=STARTED_AT)


@pytest.fixture
def versioned(s3: AwsClient, bucket: str) -> str:
    s3().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def left(s3: AwsClient, bucket: str) -> list[str]:
    found = s3().list_object_versions(Bucket=bucket)
    entries = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
    uploads = s3().list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return sorted(entry["Key"] for entry in [*entries, *uploads])


async def test_a_recording_is_gone_with_its_parts_their_marks_and_unfinished_uploads(
    s3: AwsClient, versioned: str
) -> None:
    recordings = S3RecordingStore(versioned, s3)
    await recordings.put_part("CA0001", started_at=STARTED_AT, start_ms=0, stereo_mulaw=b"\xff" * 320)
    await recordings.assemble("CA0001", started_at=STARTED_AT)
    await recordings.put_part("CA0001", started_at=STARTED_AT, start_ms=20, stereo_mulaw=b"\xff" * 320)
    s3().create_multipart_upload(Bucket=versioned, Key=f"{CALL.folder}recording.wav")
    await recordings.put_part("CA00012", started_at=STARTED_AT, start_ms=0, stereo_mulaw=b"\xff" * 320)
    objects = S3UserObjects(versioned, s3)
    counted = await objects.count(CALL.folder)

    erased = await objects.erase(CALL.folder)

    # A part and the mark of its deletion, the file, the second part, the upload.
    assert (counted, erased) == (5, 5)
    assert left(s3, versioned) == ["recordings/2026/03/02/CA00012/parts/0000000000.ulaw"]


async def test_more_versions_than_one_page_holds_are_gone(
    s3: AwsClient, versioned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_erasure, "_DELETED_AT_ONCE", 3)
    for number in range(8):
        s3().put_object(Bucket=versioned, Key="media/a/0", Body=str(number).encode())

    counted = await S3UserObjects(versioned, s3).count("media/a/")

    erased = await S3UserObjects(versioned, s3).erase("media/a/")

    assert (counted, erased) == (8, 8)
    assert left(s3, versioned) == []


async def test_an_empty_folder_is_no_error_and_erasing_again_neither(s3: AwsClient, versioned: str) -> None:
    assert await S3UserObjects(versioned, s3).erase("media/nothing/") == 0


async def test_a_bucket_that_does_not_answer_is_not_taken_for_an_empty_one(s3: AwsClient, versioned: str) -> None:
    del versioned

    with pytest.raises(StoreUnavailable):
        await S3UserObjects("another-bucket", s3).erase("media/")
