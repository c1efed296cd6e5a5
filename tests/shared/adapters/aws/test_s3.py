"""The files that recordings become."""

from __future__ import annotations

import asyncio
import audioop
import io
import threading
import tracemalloc
import wave
from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, BinaryIO, cast

import httpx
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

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


def heard(*pieces: bytes) -> bytes:
    """The same as the finished file has it."""
    return audioop.ulaw2lin(b"".join(pieces), 2)


def silence(milliseconds: int) -> bytes:
    return b"\xff" * 16 * milliseconds


async def put(recordings: S3RecordingStore, start_ms: int, stereo_mulaw: bytes) -> None:
    await recordings.put_part("CA1", started_at=STARTED, start_ms=start_ms, stereo_mulaw=stereo_mulaw)


@pytest.mark.requirement("2.5")
async def test_a_recording_holds_both_voices_where_the_parts_say(
    recordings: S3RecordingStore, s3: AwsClient, bucket: str
) -> None:
    for number, start_ms in ((3, 10_000), (1, 0), (2, 100)):
        await put(recordings, start_ms, part(number))

    assembled = await recordings.assemble("CA1", started_at=STARTED)

    wav, audio = read(s3, bucket)
    assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (2, 2, 8000)
    assert audio == heard(part(1), part(2), silence(9800), part(3))
    assert assembled == (KEY, 10_100)
    assert keys(s3, bucket) == [KEY]


async def test_a_recording_that_begins_late_begins_with_silence(
    recordings: S3RecordingStore, s3: AwsClient, bucket: str
) -> None:
    await put(recordings, 300, part(1))

    await recordings.assemble("CA1", started_at=STARTED)

    assert read(s3, bucket)[1] == heard(silence(300), part(1))


async def test_where_two_parts_overlap_nothing_behind_is_shifted(
    recordings: S3RecordingStore, s3: AwsClient, bucket: str
) -> None:
    await put(recordings, 0, part(1))
    await put(recordings, 60, part(2))
    await put(recordings, 20, part(3, frames=80))

    await recordings.assemble("CA1", started_at=STARTED)

    assert read(s3, bucket)[1] == heard(part(1), part(2)[-60 * 16 :])


async def test_a_long_recording_is_uploaded_in_pieces(recordings: S3RecordingStore, s3: AwsClient, bucket: str) -> None:
    parts = [part(number, frames=700_000) for number in range(1, 5)]
    for number, content in enumerate(parts):
        await put(recordings, number * 87_500, content)

    assembled = await recordings.assemble("CA1", started_at=STARTED)

    _, audio = read(s3, bucket)
    assert assembled == (KEY, 350_000)
    assert audio == heard(*parts)
    assert s3().head_object(Bucket=bucket, Key=KEY)["ETag"].endswith('-3"')


class Endless:
    """Half an hour of parts, the first half joined already; made when asked for and forgotten when given."""

    part_bytes = 160_000
    uploaded = 0

    def __call__(self) -> Any:
        return self

    def get_paginator(self, _operation: str) -> Any:
        entries = [{"Key": f"parts/{10_000 * number:010}.ulaw", "Size": self.part_bytes} for number in range(90, 180)]
        return SimpleNamespace(paginate=lambda **_: [{"Contents": entries}])

    def head_object(self, **_: Any) -> Any:
        return {"ETag": "joined", "ContentLength": 44 + 90 * 2 * self.part_bytes}

    def get_object(self, **asked: str) -> Any:
        start, _, end = asked.get("Range", f"bytes=0-{self.part_bytes - 1}").removeprefix("bytes=").partition("-")
        length = int(end) + 1 - int(start)
        return {"Body": StreamingBody(cast("BinaryIO", Zeros(length)), length)}

    def create_multipart_upload(self, **_: Any) -> Any:
        return {"UploadId": "u"}

    def upload_part(self, **asked: Any) -> Any:
        self.uploaded += len(asked["Body"])
        return {"ETag": "part"}

    def complete_multipart_upload(self, **asked: Any) -> None:
        assert asked["IfMatch"] == "joined"

    def delete_objects(self, **_: Any) -> None:
        """Nothing is kept here."""


class Zeros(io.RawIOBase):
    """So many zeros."""

    def __init__(self, length: int) -> None:
        self._left = length

    def read(self, size: int | None = None) -> bytes:
        taken = self._left if size is None else min(size, self._left)
        self._left -= taken
        return bytes(taken)


async def test_half_an_hour_is_joined_in_little_memory() -> None:
    client = Endless()
    tracemalloc.start()

    assembled = await S3RecordingStore("bucket", cast("AwsClient", client)).assemble("CA1", started_at=STARTED)

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert assembled == (KEY, 30 * 60_000)
    assert client.uploaded == 44 + 30 * 60_000 * 32
    assert peak_bytes < 16 * 1024 * 1024


class Killed(BaseException):
    """The end of the process, as no code catches it."""


class Dying:
    """The store's client; the process dies at the request that is chosen, before or after it took effect."""

    def __init__(self, s3: AwsClient, *, at: int, after: bool) -> None:
        self._s3, self._at, self._after = s3(), at, after
        self.asked = 0

    def __call__(self) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._s3, name)
        if name not in {"head_object", "get_object", "put_object", "complete_multipart_upload", "delete_objects"}:
            return real

        def ask(**arguments: Any) -> Any:
            self.asked += 1
            if self.asked != self._at:
                return real(**arguments)
            if self._after:
                with suppress(ClientError):
                    real(**arguments)
            raise Killed

        return ask


@pytest.mark.parametrize("frames", [800, 700_000], ids=["short", "in pieces"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_run_that_is_killed_anywhere_is_finished_by_the_next_without_loss(
    recordings: S3RecordingStore, s3: AwsClient, bucket: str, frames: int, *, after: bool
) -> None:
    length_ms = frames // 8
    pieces = [part(number, frames=frames) for number in (1, 2, 3)]
    killed_at = 0
    while True:
        killed_at += 1
        for start_ms, content in zip((0, length_ms, 3 * length_ms), pieces, strict=True):
            await put(recordings, start_ms, content)
        dying = Dying(s3, at=killed_at, after=after)
        try:
            await S3RecordingStore(bucket, cast("AwsClient", dying)).assemble("CA1", started_at=STARTED)
        except Killed:
            assembled = await recordings.assemble("CA1", started_at=STARTED)
        else:
            break
        assert assembled == (KEY, 4 * length_ms)
        assert read(s3, bucket)[1] == heard(pieces[0], pieces[1], silence(length_ms), pieces[2])
        assert keys(s3, bucket) == [KEY]
        s3().delete_object(Bucket=bucket, Key=KEY)
    assert killed_at > 5


async def test_parts_of_a_resumed_call_go_behind_a_silence(
    recordings: S3RecordingStore, s3: AwsClient, bucket: str
) -> None:
    await put(recordings, 0, part(1))
    await recordings.assemble("CA1", started_at=STARTED)
    await put(recordings, 150, part(2))

    await recordings.assemble("CA1", started_at=STARTED)

    assert read(s3, bucket)[1] == heard(part(1), silence(50), part(2))


async def test_a_part_that_comes_while_another_run_joins_is_not_lost(
    recordings: S3RecordingStore, s3: AwsClient, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream and the provider's status close a call in the same second."""
    await put(recordings, 0, part(1))
    listed, may_go_on = threading.Event(), threading.Event()
    slow, list_parts = S3RecordingStore(bucket, s3), S3RecordingStore._list

    def list_slowly(store: S3RecordingStore, *arguments: Any) -> Any:
        found = list_parts(store, *arguments)
        if store is slow and not listed.is_set():
            listed.set()
            may_go_on.wait(timeout=10)
        return found

    monkeypatch.setattr(S3RecordingStore, "_list", list_slowly)
    overtaken = asyncio.create_task(slow.assemble("CA1", started_at=STARTED))
    await asyncio.to_thread(listed.wait, 10)
    await put(recordings, 100, part(2))

    await recordings.assemble("CA1", started_at=STARTED)
    may_go_on.set()

    assert await overtaken == (KEY, 200)
    assert read(s3, bucket)[1] == heard(part(1), part(2))


async def test_a_link_can_be_opened_without_credentials(recordings: S3RecordingStore) -> None:
    await recordings.put_part("CA1", started_at=STARTED, start_ms=0, stereo_mulaw=part(1))
    await recordings.assemble("CA1", started_at=STARTED)

    async with httpx.AsyncClient() as anybody:
        answer = await anybody.get(await recordings.link(KEY, ttl_seconds=60))

    assert answer.status_code == 200
    assert answer.content.startswith(b"RIFF")


async def test_a_store_that_refuses_is_unavailable(s3: AwsClient) -> None:
    recordings = S3RecordingStore("no-such-bucket", s3)

    with pytest.raises(StoreUnavailable):
        await recordings.put_part("CA1", started_at=STARTED, start_ms=0, stereo_mulaw=b"\xff\xff")
    with pytest.raises(StoreUnavailable):
        await recordings.assemble("CA1", started_at=STARTED)
