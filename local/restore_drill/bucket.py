"""The bucket outlives the database, but objects may be overwritten or deleted: their versions bring them back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError


class VersionedBucket:
    """A bucket that keeps every version of an object."""

    def __init__(self, client: Any, name: str) -> None:
        """`client` is boto3's for S3."""
        self._s3 = client
        self._name = name

    @property
    def keeps_versions(self) -> bool:
        """Whether the bucket does."""
        versioning: dict[str, str] = self._s3.get_bucket_versioning(Bucket=self._name)
        return versioning.get("Status") == "Enabled"

    def missing(self, keys: Mapping[str, str]) -> list[str]:
        """The calls whose recording is not there, by the keys that the restored database holds."""
        return [call_sid for call_sid, key in keys.items() if self.read(key) is None]

    def read(self, key: str) -> bytes | None:
        """What the object holds now; None when it is not there."""
        try:
            content: bytes = self._s3.get_object(Bucket=self._name, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return content

    def overwrite(self, key: str, content: bytes) -> None:
        """Put something else there."""
        self._s3.put_object(Bucket=self._name, Key=key, Body=content)

    def delete(self, key: str) -> None:
        """Delete it as a program would: its versions stay."""
        self._s3.delete_object(Bucket=self._name, Key=key)

    def delete_for_ever(self, key: str) -> None:
        """Delete every version of it."""
        for version in self._versions(key):
            self._s3.delete_object(Bucket=self._name, Key=key, VersionId=version["VersionId"])

    def restore(self, key: str, *, until: datetime) -> bool:
        """Make the last version from before that second the latest one again; False when there is none.

        S3 tells whole seconds: of the second in which a mishap began nothing is taken. Doing it again is safe.
        """
        before = until.replace(microsecond=0)
        version = next((each for each in self._versions(key) if each["LastModified"] < before), None)
        if version is None:
            return False
        source = {"Bucket": self._name, "Key": key, "VersionId": version["VersionId"]}
        self._s3.copy_object(Bucket=self._name, Key=key, CopySource=source)
        return True

    def _versions(self, key: str) -> list[dict[str, Any]]:
        """All of the object's, the newest first."""
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._name, Prefix=key)
        return [each for page in pages for each in page.get("Versions", []) if each["Key"] == key]
