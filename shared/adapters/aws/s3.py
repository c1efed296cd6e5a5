"""RecordingStore over S3: parts while the call runs, one WAV file when it is over."""

from __future__ import annotations

import asyncio
import audioop
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

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
_HEADER_BYTES = 44
# The smallest part of a multipart upload, and so the most that is held in memory, plus one part of the recording.
_UPLOAD_PART_BYTES = 5 * 1024 * 1024
_DELETED_AT_ONCE = 1000
_THREADS = 8
_LAST_PART = "last-part"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    key: str
    size: int

    @property
    def number(self) -> int:
        return int(self.key.rpartition("/")[2].removesuffix(".ulaw"))


class S3RecordingStore:
    """Implements `RecordingStore`, under `recordings/{yyyy}/{mm}/{dd}/{call_sid}/`."""

    def __init__(self, bucket: str, client: Callable[[], S3Client]) -> None:
        self._bucket = bucket
        self._client = client
        self._executor = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="s3")

    async def put_part(self, call_sid: str, *, started_at: datetime, number: int, stereo_mulaw: bytes) -> None:
        """See `RecordingStore.put_part`."""
        key = f"{_parts_folder(call_sid, started_at)}{number:06}.ulaw"
        await self._run(
            lambda s3: s3.put_object(
                Bucket=self._bucket, Key=key, Body=stereo_mulaw, ContentType="application/octet-stream"
            )
        )

    async def assemble(self, call_sid: str, *, started_at: datetime) -> tuple[str, int] | None:
        """See `RecordingStore.assemble`.

        The file knows the number of its last part. So a second run neither loses what the first one joined and
        dropped, nor the parts that a resumed call added since.
        """
        return await self._run(lambda s3: self._assemble(s3, call_sid, started_at))

    async def link(self, key: str, *, ttl_seconds: int) -> str:
        """See `RecordingStore.link`."""
        parameters = {"Bucket": self._bucket, "Key": key, "ResponseContentType": "audio/wav"}
        return await self._run(
            lambda s3: s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=ttl_seconds)
        )

    async def _run(self, work: Callable[[S3Client], Result]) -> Result:
        def translated() -> Result:
            try:
                return work(self._client())
            except (BotoCoreError, ClientError, OSError) as error:
                raise StoreUnavailable("The recording store gave no answer.") from error

        with timed("recording_store"):
            return await asyncio.get_running_loop().run_in_executor(self._executor, translated)

    def _assemble(self, s3: S3Client, call_sid: str, started_at: datetime) -> tuple[str, int] | None:
        key = f"{_folder(call_sid, started_at)}recording.wav"
        parts = self._list(s3, _parts_folder(call_sid, started_at))
        joined, last_part = self._find_recording(s3, key)
        new = [part for part in parts if part.number > last_part]
        if new:
            joined_audio = 0 if joined is None else joined.size - _HEADER_BYTES
            audio_bytes = joined_audio + sum(part.size for part in new) * _SAMPLE_BYTES
            pieces = self._audio(s3, joined, new)
            self._write(s3, key, _with_header(pieces, audio_bytes), {_LAST_PART: str(new[-1].number)})
        elif joined is None:
            return None
        else:
            audio_bytes = joined.size - _HEADER_BYTES
        self._delete(s3, parts)
        return key, audio_bytes // (_FRAMES_PER_MS * _CHANNELS * _SAMPLE_BYTES)

    def _list(self, s3: S3Client, folder: str) -> list[_Stored]:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder)
        found = [_Stored(key=entry["Key"], size=entry["Size"]) for page in pages for entry in page.get("Contents", [])]
        return sorted(found, key=lambda part: part.number)

    def _find_recording(self, s3: S3Client, key: str) -> tuple[_Stored | None, int]:
        try:
            head = s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
                return None, -1
            raise
        return _Stored(key=key, size=head["ContentLength"]), int(head["Metadata"].get(_LAST_PART, -1))

    def _audio(self, s3: S3Client, joined: _Stored | None, parts: list[_Stored]) -> Iterator[bytes]:
        """PCM of what was joined before, then of the new parts, one at a time."""
        if joined is not None:
            body = s3.get_object(Bucket=self._bucket, Key=joined.key, Range=f"bytes={_HEADER_BYTES}-")["Body"]
            yield from body.iter_chunks(1024 * 1024)
        for part in parts:
            mulaw = s3.get_object(Bucket=self._bucket, Key=part.key)["Body"].read()
            yield audioop.ulaw2lin(mulaw, _SAMPLE_BYTES)

    def _write(self, s3: S3Client, key: str, pieces: Iterator[bytes], metadata: dict[str, str]) -> None:
        blocks = _in_blocks(pieces)
        first = next(blocks)
        if len(first) < _UPLOAD_PART_BYTES:
            s3.put_object(Bucket=self._bucket, Key=key, Body=first, ContentType="audio/wav", Metadata=metadata)
            return
        upload_id = s3.create_multipart_upload(
            Bucket=self._bucket, Key=key, ContentType="audio/wav", Metadata=metadata
        )["UploadId"]
        try:
            tags = [self._upload(s3, key, upload_id, 1, first)]
            tags += [self._upload(s3, key, upload_id, number, block) for number, block in enumerate(blocks, start=2)]
            uploaded: CompletedMultipartUploadTypeDef = {
                "Parts": [{"ETag": tag, "PartNumber": number} for number, tag in enumerate(tags, start=1)]
            }
            s3.complete_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload=uploaded)
        except BaseException:
            s3.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
            raise

    def _upload(self, s3: S3Client, key: str, upload_id: str, number: int, block: bytes) -> str:
        return s3.upload_part(Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=block)["ETag"]

    def _delete(self, s3: S3Client, parts: list[_Stored]) -> None:
        for start in range(0, len(parts), _DELETED_AT_ONCE):
            some = parts[start : start + _DELETED_AT_ONCE]
            s3.delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": part.key} for part in some], "Quiet": True}
            )


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


def _in_blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of the upload's part size; only the last one is smaller."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        while len(buffer) >= _UPLOAD_PART_BYTES:
            yield bytes(buffer[:_UPLOAD_PART_BYTES])
            del buffer[:_UPLOAD_PART_BYTES]
    if buffer:
        yield bytes(buffer)
