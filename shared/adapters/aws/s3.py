"""RecordingStore over S3: parts while the call runs, one WAV file when it is over."""

from __future__ import annotations

import asyncio
import audioop
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import StoreUnavailable
from shared.observability import timed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedMultipartUploadTypeDef

Result = TypeVar("Result")

_RATE_HZ = 8000
_CHANNELS = 2
_SAMPLE_BYTES = 2
_FRAMES_PER_MS = _RATE_HZ // 1000
_BYTES_PER_MS = _FRAMES_PER_MS * _CHANNELS * _SAMPLE_BYTES
"""Of the finished file, 16-bit PCM; a part is mu-law and half as large."""

_HEADER_BYTES = 44
# The smallest part of a multipart upload, and so the most that is held in memory, plus one part of the recording.
_UPLOAD_PART_BYTES = 5 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_DELETED_AT_ONCE = 1000
_PUTTING_THREADS, _ASSEMBLING_THREADS = 8, 2
_ASSEMBLE_ATTEMPTS = 4
# What another run at the same time makes of ours: it wrote the file first, or dropped a part that we still read.
_OVERTAKEN = {"PreconditionFailed", "412", "ConditionalRequestConflict", "NoSuchKey", "404"}


class _Unchanged(TypedDict, total=False):
    """The condition under which the file is written."""

    IfMatch: str
    IfNoneMatch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    key: str
    size: int

    @property
    def start(self) -> int:
        """Where it begins in the audio of the finished file, in bytes."""
        return int(self.key.rpartition("/")[2].removesuffix(".ulaw")) * _BYTES_PER_MS

    @property
    def end(self) -> int:
        return self.start + self.size * _SAMPLE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joined:
    """The file as an earlier run left it; without a tag when there is none yet."""

    key: str
    tag: str = ""
    audio_bytes: int = 0


class S3RecordingStore:
    """Implements `RecordingStore`, under `recordings/{yyyy}/{mm}/{dd}/{call_sid}/`."""

    def __init__(self, bucket: str, client: Callable[[], S3Client]) -> None:
        self._bucket = bucket
        self._client = client
        self._executor = ThreadPoolExecutor(max_workers=_PUTTING_THREADS, thread_name_prefix="s3")
        # Few at once, because each holds megabytes: many calls may end in the same moment.
        self._assemblers = ThreadPoolExecutor(max_workers=_ASSEMBLING_THREADS, thread_name_prefix="s3-assemble")

    async def put_part(self, call_sid: str, *, started_at: datetime, start_ms: int, stereo_mulaw: bytes) -> None:
        """See `RecordingStore.put_part`."""
        key = f"{_parts_folder(call_sid, started_at)}{start_ms:010}.ulaw"
        await self._run(
            lambda s3: s3.put_object(
                Bucket=self._bucket, Key=key, Body=stereo_mulaw, ContentType="application/octet-stream"
            )
        )

    async def assemble(self, call_sid: str, *, started_at: datetime) -> tuple[str, int] | None:
        """See `RecordingStore.assemble`.

        The new file is the old one with the parts laid over it, written only if nobody wrote it meanwhile, and the
        parts are dropped only after that. So a run may be killed at any point, or race with another one: the next
        run lays the same parts over the same places.
        """
        return await self._run(lambda s3: self._assemble(s3, call_sid, started_at), self._assemblers)

    async def link(self, key: str, *, ttl_seconds: int) -> str:
        """See `RecordingStore.link`."""
        parameters = {"Bucket": self._bucket, "Key": key, "ResponseContentType": "audio/wav"}
        return await self._run(
            lambda s3: s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=ttl_seconds)
        )

    async def _run(self, work: Callable[[S3Client], Result], executor: ThreadPoolExecutor | None = None) -> Result:
        def translated() -> Result:
            try:
                return work(self._client())
            except (BotoCoreError, ClientError, OSError) as error:
                raise StoreUnavailable("The recording store gave no answer.") from error

        with timed("recording_store"):
            return await asyncio.get_running_loop().run_in_executor(executor or self._executor, translated)

    def _assemble(self, s3: S3Client, call_sid: str, started_at: datetime) -> tuple[str, int] | None:
        key = f"{_folder(call_sid, started_at)}recording.wav"
        for attempt in range(1, _ASSEMBLE_ATTEMPTS + 1):
            try:
                return self._assemble_once(s3, key, _parts_folder(call_sid, started_at))
            except ClientError as error:
                if _code(error) not in _OVERTAKEN or attempt == _ASSEMBLE_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _assemble_once(self, s3: S3Client, key: str, folder: str) -> tuple[str, int] | None:
        # The parts first: of those that another run joins and drops after this, its file's tag tells.
        parts = self._list(s3, folder)
        joined = self._find_joined(s3, key)
        audio_bytes = max([joined.audio_bytes, *(part.end for part in parts)])
        if parts:
            self._write(s3, joined, _with_header(self._audio(s3, joined, parts), audio_bytes))
        elif not joined.tag:
            return None
        self._delete(s3, parts)
        return key, audio_bytes // _BYTES_PER_MS

    def _list(self, s3: S3Client, folder: str) -> list[_Part]:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder)
        found = [_Part(key=entry["Key"], size=entry["Size"]) for page in pages for entry in page.get("Contents", [])]
        return sorted(found, key=lambda part: part.start)

    def _find_joined(self, s3: S3Client, key: str) -> _Joined:
        try:
            head = s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if _code(error) in {"404", "NoSuchKey"}:
                return _Joined(key=key)
            raise
        return _Joined(key=key, tag=head["ETag"], audio_bytes=head["ContentLength"] - _HEADER_BYTES)

    def _audio(self, s3: S3Client, joined: _Joined, parts: list[_Part]) -> Iterator[bytes]:
        """PCM from the beginning to the end, one part at a time; between parts what was joined before, or silence."""
        position = 0
        for part in parts:
            yield from self._between(s3, joined, position, part.start)
            position = max(position, part.start)
            if position < part.end:
                mulaw = s3.get_object(Bucket=self._bucket, Key=part.key)["Body"].read()
                yield audioop.ulaw2lin(mulaw, _SAMPLE_BYTES)[position - part.start :]
                position = part.end
        yield from self._between(s3, joined, position, joined.audio_bytes)

    def _between(self, s3: S3Client, joined: _Joined, start: int, end: int) -> Iterator[bytes]:
        known_end = min(end, joined.audio_bytes)
        if start < known_end:
            places = f"bytes={_HEADER_BYTES + start}-{_HEADER_BYTES + known_end - 1}"
            known = s3.get_object(Bucket=self._bucket, Key=joined.key, Range=places, IfMatch=joined.tag)
            yield from known["Body"].iter_chunks(_CHUNK_BYTES)
            start = known_end
        while start < end:
            length = min(_CHUNK_BYTES, end - start)
            yield bytes(length)
            start += length

    def _write(self, s3: S3Client, joined: _Joined, pieces: Iterator[bytes]) -> None:
        key = joined.key
        unchanged: _Unchanged = {"IfMatch": joined.tag} if joined.tag else {"IfNoneMatch": "*"}
        blocks = _in_blocks(pieces)
        first = next(blocks)
        if len(first) < _UPLOAD_PART_BYTES:
            body = cast("bytes", first)  # botocore takes any buffer; its types do not say so
            s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="audio/wav", **unchanged)
            return
        upload_id = s3.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType="audio/wav")["UploadId"]
        try:
            tags = [self._upload(s3, key, upload_id, 1, first)]
            del first
            tags += [self._upload(s3, key, upload_id, number, block) for number, block in enumerate(blocks, start=2)]
            uploaded: CompletedMultipartUploadTypeDef = {
                "Parts": [{"ETag": tag, "PartNumber": number} for number, tag in enumerate(tags, start=1)]
            }
            s3.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload=uploaded, **unchanged
            )
        except BaseException:
            # It may be complete though its answer was lost; then there is nothing to abort.
            with suppress(BotoCoreError, ClientError):
                s3.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
            raise

    def _upload(self, s3: S3Client, key: str, upload_id: str, number: int, block: bytearray) -> str:
        body = cast("bytes", block)
        return s3.upload_part(Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body)["ETag"]

    def _delete(self, s3: S3Client, parts: list[_Part]) -> None:
        for start in range(0, len(parts), _DELETED_AT_ONCE):
            some = parts[start : start + _DELETED_AT_ONCE]
            s3.delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": part.key} for part in some], "Quiet": True}
            )


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _folder(call_sid: str, started_at: datetime) -> str:
    return f"recordings/{started_at.astimezone(UTC):%Y/%m/%d}/{call_sid}/"


def _parts_folder(call_sid: str, started_at: datetime) -> str:
    return f"{_folder(call_sid, started_at)}parts/"


def _with_header(pieces: Iterator[bytes], audio_bytes: int) -> Iterator[bytes]:
    """A WAV file: 16-bit PCM, 8 kHz, stereo. Source: RIFF WAVE, format chunk of 16 bytes."""
    block_align = _CHANNELS * _SAMPLE_BYTES
    yield struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        _HEADER_BYTES - 8 + audio_bytes,
        b"WAVE",
        b"fmt ",
        16,
        1,
        _CHANNELS,
        _RATE_HZ,
        _RATE_HZ * block_align,
        block_align,
        8 * _SAMPLE_BYTES,
        b"data",
        audio_bytes,
    )
    yield from pieces


def _in_blocks(pieces: Iterator[bytes]) -> Iterator[bytearray]:
    """The same bytes in blocks of the upload's part size; only the last one is smaller."""
    block = bytearray()
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            room = _UPLOAD_PART_BYTES - len(block)
            block += rest[:room]
            rest = rest[room:]
            if len(block) == _UPLOAD_PART_BYTES:
                yield block
                block = bytearray()
    if block:
        yield block
