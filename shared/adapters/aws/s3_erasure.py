"""UserObjects over S3: what is deleted in a bucket with versions is still there, so every version goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import StoreUnavailable
from shared.observability import timed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import MultipartUploadTypeDef, ObjectIdentifierTypeDef

Result = TypeVar("Result")

_DELETED_AT_ONCE = 1000
# It ended by itself meanwhile.
_NO_UPLOAD = {"NoSuchUpload", "404"}


class S3UserObjects:
    """Implements `UserObjects`; a folder is a prefix of keys."""

    def __init__(self, bucket: str, client: Callable[[], S3Client]) -> None:
        self._bucket = bucket
        self._client = client

    async def count(self, folder: str) -> int:
        """See `UserObjects.count`."""
        return await self._run(lambda s3: sum(map(len, self._lots(s3, folder))) + len(list(self._uploads(s3, folder))))

    async def erase(self, folder: str) -> int:
        """See `UserObjects.erase`. Uploads first: one that ends meanwhile makes a version, which is then found."""
        return await self._run(lambda s3: self._abort(s3, folder) + self._delete(s3, folder))

    def _abort(self, s3: S3Client, folder: str) -> int:
        aborted = 0
        for upload in self._uploads(s3, folder):
            try:
                s3.abort_multipart_upload(Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"])
            except ClientError as error:
                if error.response["Error"]["Code"] not in _NO_UPLOAD:
                    raise
            aborted += 1
        return aborted

    def _delete(self, s3: S3Client, folder: str) -> int:
        deleted = 0
        # From the beginning each time: a list must not go on from a version that is gone.
        while lot := next(self._lots(s3, folder), None):
            answer = s3.delete_objects(Bucket=self._bucket, Delete={"Objects": lot, "Quiet": True})
            if answer.get("Errors"):
                raise StoreUnavailable("The bucket did not remove every version.")
            deleted += len(lot)
        return deleted

    def _lots(self, s3: S3Client, folder: str) -> Iterator[list[ObjectIdentifierTypeDef]]:
        """Every version and every mark of a deletion, a page at a time."""
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=folder, PaginationConfig={"PageSize": _DELETED_AT_ONCE}
        )
        for page in pages:
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if entries:
                yield [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]

    def _uploads(self, s3: S3Client, folder: str) -> Iterator[MultipartUploadTypeDef]:
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=folder):
            # Not every emulator looks at the prefix.
            yield from (upload for upload in page.get("Uploads", []) if upload["Key"].startswith(folder))

    async def _run(self, work: Callable[[S3Client], Result]) -> Result:
        def translated() -> Result:
            try:
                return work(self._client())
            except (BotoCoreError, ClientError, OSError) as error:
                raise StoreUnavailable("The bucket gave no answer.") from error

        with timed("erase_objects"):
            return await asyncio.to_thread(translated)
