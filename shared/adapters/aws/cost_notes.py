"""AnomalyMemory over one JSON object in S3."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.cost_anomaly import CostAnomaly
from shared.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "reports/cost_anomalies.json"


class S3AnomalyMemory:
    """Implements `AnomalyMemory`; the same anomalies are the same bytes."""

    def __init__(self, bucket: str, client: Callable[[], S3Client]) -> None:
        self._bucket = bucket
        self._client = client

    async def load(self) -> tuple[CostAnomaly, ...]:
        """See `AnomalyMemory.load`."""
        try:
            body = await asyncio.to_thread(self._read)
            return msgspec.json.decode(body, type=tuple[CostAnomaly, ...])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return ()
            raise StoreUnavailable("What was told of costs cannot be read.") from error
        except (BotoCoreError, OSError, msgspec.MsgspecError) as error:
            raise StoreUnavailable("What was told of costs cannot be read.") from error

    async def save(self, anomalies: tuple[CostAnomaly, ...]) -> None:
        """See `AnomalyMemory.save`."""
        body = msgspec.json.encode(anomalies)
        try:
            await asyncio.to_thread(
                lambda: self._client().put_object(
                    Bucket=self._bucket, Key=KEY, Body=body, ContentType="application/json"
                )
            )
        except (BotoCoreError, ClientError, OSError) as error:
            raise StoreUnavailable("What was told of costs cannot be kept.") from error

    def _read(self) -> bytes:
        return self._client().get_object(Bucket=self._bucket, Key=KEY)["Body"].read()
