"""ExportFiles over S3; the bucket encrypts them with its own key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import StoreUnavailable
from shared.observability import timed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PART = "application/x-ndjson"
_MANIFEST = "application/json"


class S3ExportFiles:
    """Implements `ExportFiles`.

    A part is a gzip file that is kept as such. It has no `Content-Encoding`: with one, some clients unpack it on the
    way, and readers that go by its name unpack it a second time.
    """

    def __init__(self, bucket: str, client: Callable[[], S3Client]) -> None:
        self._bucket = bucket
        self._client = client

    async def put_part(self, key: str, body: bytes) -> None:
        """See `ExportFiles.put_part`."""
        await self._put(key, body, _PART)

    async def put_manifest(self, key: str, body: bytes) -> None:
        """See `ExportFiles.put_manifest`."""
        await self._put(key, body, _MANIFEST)

    async def _put(self, key: str, body: bytes, content_type: str) -> None:
        try:
            with timed("export_store"):
                await asyncio.to_thread(
                    lambda: self._client().put_object(
                        Bucket=self._bucket, Key=key, Body=body, ContentType=content_type, ChecksumAlgorithm="SHA256"
                    )
                )
        except (BotoCoreError, ClientError, OSError) as error:
            raise StoreUnavailable("The export was not taken.") from error
