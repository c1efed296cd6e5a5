"""MediaStore over S3: files of messages, encrypted as the bucket prescribes, handed out for download only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.media import MediaFile
from shared.errors import NotFound, StoreUnavailable
from shared.observability import timed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

Result = TypeVar("Result")

_MISSING = {"NoSuchKey", "404", "NotFound"}
_DELETED_AT_ONCE = 1000


class S3MediaStore:
    """Implements `MediaStore`, under `media/{yyyy}/{mm}/{dd}/{channel}/{message_id}/{position}`."""

    def __init__(self, bucket: str, client: Callable[[], S3Client]) -> None:
        self._bucket = bucket
        self._client = client

    async def put(self, key: str, file: MediaFile) -> None:
        """See `MediaStore.put`."""
        await self._run(
            lambda s3: s3.put_object(Bucket=self._bucket, Key=key, Body=file.content, ContentType=file.mime_type)
        )

    async def get(self, key: str) -> MediaFile:
        """See `MediaStore.get`."""
        return await self._run(lambda s3: self._get(s3, key))

    async def link(self, key: str, *, filename: str | None, ttl_seconds: int) -> str:
        """See `MediaStore.link`."""
        parameters = {"Bucket": self._bucket, "Key": key, "ResponseContentDisposition": disposition(filename)}
        return await self._run(
            lambda s3: s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=ttl_seconds)
        )

    async def delete(self, keys: Sequence[str]) -> int:
        """See `MediaStore.delete`."""
        return await self._run(lambda s3: sum(self._delete(s3, key) for key in keys))

    def _get(self, s3: S3Client, key: str) -> MediaFile:
        try:
            found = s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                raise NotFound("There is no such file.") from error
            raise
        return MediaFile(content=found["Body"].read(), mime_type=found["ContentType"])

    def _delete(self, s3: S3Client, key: str) -> int:
        removed = 0
        for some in _in_lots(self._versions(s3, key)):
            answer = s3.delete_objects(Bucket=self._bucket, Delete={"Objects": some, "Quiet": True})
            if answer.get("Errors"):
                raise StoreUnavailable("The media store did not remove every version.")
            removed += len(some)
        return removed

    def _versions(self, s3: S3Client, key: str) -> Iterator[ObjectIdentifierTypeDef]:
        """Every version and every mark of a deletion; the prefix may fit longer keys too."""
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=key):
            for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                if entry["Key"] == key:
                    yield {"Key": key, "VersionId": entry["VersionId"]}

    async def _run(self, work: Callable[[S3Client], Result]) -> Result:
        def translated() -> Result:
            try:
                return work(self._client())
            except (BotoCoreError, ClientError, OSError) as error:
                raise StoreUnavailable("The media store gave no answer.") from error

        with timed("media_store"):
            return await asyncio.to_thread(translated)


def disposition(filename: str | None) -> str:
    """The header that makes a browser save a file under its name. Source: RFC 6266, RFC 8187."""
    if not filename:
        return "attachment"
    plain = "".join(letter if letter.isascii() and letter not in '"\\' else "_" for letter in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _in_lots(versions: Iterator[ObjectIdentifierTypeDef]) -> Iterator[list[ObjectIdentifierTypeDef]]:
    lot: list[ObjectIdentifierTypeDef] = []
    for version in versions:
        lot.append(version)
        if len(lot) == _DELETED_AT_ONCE:
            yield lot
            lot = []
    if lot:
        yield lot
