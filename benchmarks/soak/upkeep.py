"""Removes finished recordings from the AWS emulator, which holds all objects in memory: an hour is gigabytes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.template import REGION

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

EVERY_SECONDS = 30.0
KEPT = timedelta(seconds=120)
PREFIX = "recordings/"


class Upkeep:
    """What S3 has room for and the emulator has not."""

    def __init__(self, stack: Mapping[str, Any]) -> None:
        self._bucket: str = stack["bucket"]
        self._s3 = boto3.client(
            "s3",
            endpoint_url=stack["aws_endpoint_url"],
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - the emulator wants any.
        )
        self.removed = 0

    async def run(self) -> None:
        """Remove until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await asyncio.to_thread(self._remove)

    def _remove(self) -> None:
        """Every version of what is old enough: deleting alone would keep them."""
        before = datetime.now(UTC) - KEPT
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=PREFIX)
        try:
            for page in pages:
                listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                old: list[ObjectIdentifierTypeDef] = [
                    {"Key": each["Key"], "VersionId": each["VersionId"]}
                    for each in listed
                    if each["LastModified"] < before
                ]
                if old:
                    self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": old, "Quiet": True})
                    self.removed += len(old)
        except (BotoCoreError, ClientError):
            return  # The next round finds the same.
