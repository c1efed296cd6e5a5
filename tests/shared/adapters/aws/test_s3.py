"""The files that recordings become."""

from __future__ import annotations

import audioop
import io
import wave
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.s3 import S3RecordingStore
from shared.errors import StoreUnavailable

STARTED = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
KEY = "recordings/2026/03/02/CA1/recording.wav"

pytestmark = pytest.mark.integration


@pytest.fixture
def recordings(bucket: str, s3: AwsClient) -> S3RecordingStore:
    return S3RecordingStore(bucket, s3)


def read(s3: AwsClient, bucket: str) -> tuple[wave.Wave_read, bytes]:
    body: bytes = s3().get_object(Bucket=bucket, Key=KEY)["Body"].read()
    wav = wave.open(io.BytesIO(body))  # noqa: SIM115 - nothing to close in memory
    return wav, wav.readframes(wav.getnframes())


def keys(s3: AwsClient, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3().list_objects_v2(Bucket=bucket).get("Contents", [])]


def part(number: int, *, frames: int = 800) -> bytes:
    """Caller and agent say different things, and each part another thing than the one before."""
    return bytes([number, 255 - number]) * frames


@pytest.mark.requirement("2.5")
async def test_a_recording_holds_both_voices_in_the_order_of_the_parts(
    recordings: S3RecordingStore, s3: AwsClient, bucket: str
) -> None:
    for number in (2, 10, 1):
        await recordings.put_part("CA1", started_at=STARTED, number=number, stereo_mulaw=part(number))

    await recordings.assemble("CA1", started_at=STARTED)

    wav, audio = read(s3, bucket)
    assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (2, 2, 8000)
    assert audio == audioop.ulaw2lin(part(1) + part(2) + part(10), 2)
    assert keys(s3, bucket) == [KEY]


async def test_a_long_recording_is_uploaded_in_pieces(recordings: S3RecordingStore, s3: AwsClient, bucket: str) -> None:
    parts = [part(number, frames=700_000) for number in range(1, 5)]
    for number, content in enumerate(parts, start=1):
        await recordings.put_part("CA1", started_at=STARTED, number=number, stereo_mulaw=content)

    assembled = await recordings.assemble("CA1", started_at=STARTED)

    _, audio = read(s3, bucket)
    assert assembled == (KEY, 350_000)
    assert audio == audioop.ulaw2lin(b"".join(parts), 2)
    assert s3().head_object(Bucket=bucket, Key=KEY)["ETag"].endswith('-3"')


async def test_a_run_that_died_before_dropping_the_parts_is_finished_without_loss(
    recordings: S3RecordingStore, s3: AwsClient, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        await recordings.put_part("CA1", started_at=STARTED, number=number, stereo_mulaw=part(number))

    def die_half_way(store: S3RecordingStore, client: Any, parts: list[Any]) -> None:
        client.delete_object(Bucket=bucket, Key=parts[0].key)
        raise OSError("killed")

    with monkeypatch.context() as dying:
        dying.setattr(S3RecordingStore, "_delete", die_half_way)
        with pytest.raises(StoreUnavailable):
            await recordings.assemble("CA1", started_at=STARTED)
    await recordings.assemble("CA1", started_at=STARTED)

    assert read(s3, bucket)[1] == audioop.ulaw2lin(part(1) + part(2) + part(3), 2)
    assert keys(s3, bucket) == [KEY]


async def test_parts_of_a_resumed_call_are_appended(recordings: S3RecordingStore, s3: AwsClient, bucket: str) -> None:
    await recordings.put_part("CA1", started_at=STARTED, number=1, stereo_mulaw=part(1))
    await recordings.assemble("CA1", started_at=STARTED)
    await recordings.put_part("CA1", started_at=STARTED, number=2, stereo_mulaw=part(2))

    await recordings.assemble("CA1", started_at=STARTED)

    assert read(s3, bucket)[1] == audioop.ulaw2lin(part(1) + part(2), 2)


async def test_a_link_can_be_opened_without_credentials(recordings: S3RecordingStore) -> None:
    await recordings.put_part("CA1", started_at=STARTED, number=1, stereo_mulaw=part(1))
    await recordings.assemble("CA1", started_at=STARTED)

    async with httpx.AsyncClient() as anybody:
        answer = await anybody.get(await recordings.link(KEY, ttl_seconds=60))

    assert answer.status_code == 200
    assert answer.content.startswith(b"RIFF")


async def test_a_store_that_refuses_is_unavailable(s3: AwsClient) -> None:
    recordings = S3RecordingStore("no-such-bucket", s3)

    with pytest.raises(StoreUnavailable):
        await recordings.put_part("CA1", started_at=STARTED, number=1, stereo_mulaw=b"\xff\xff")
    with pytest.raises(StoreUnavailable):
        await recordings.assemble("CA1", started_at=STARTED)
