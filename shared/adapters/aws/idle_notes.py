"""RecommendationStore over one JSON object in S3, Notifier over SNS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.idle_recommendation import Notes
from shared.errors import ProviderUnavailable, StoreUnavailable, VersionConflict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "reports/recommendations.json"
NOTHING_SAVED = ""
# Source: Amazon SNS API reference, Publish: 256 KB in all.
_LONGEST_NOTICE_BYTES = 200_000
_CONFLICTS = ("PreconditionFailed", "ConditionalRequestConflict")


class S3RecommendationStore:
    """Implements `RecommendationStore`; the version is the object's entity tag, which S3 compares when it writes."""

    def __init__(self, bucket: str, client: Callable[[], S3Client]) -> None:
        self._bucket = bucket
        self._client = client

    async def load(self) -> tuple[Notes, str]:
        """See `RecommendationStore.load`."""
        try:
            body, version = await asyncio.to_thread(self._read)
            return msgspec.json.decode(body, type=Notes), version
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return Notes(), NOTHING_SAVED
            raise StoreUnavailable("The recommendations cannot be read.") from error
        except (BotoCoreError, OSError, msgspec.MsgspecError) as error:
            raise StoreUnavailable("The recommendations cannot be read.") from error

    async def save(self, notes: Notes, *, after: str) -> str:
        """See `RecommendationStore.save`."""
        body = msgspec.json.encode(notes)
        try:
            return await asyncio.to_thread(self._write, body, after)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _CONFLICTS:
                raise VersionConflict("Another report was written in between.") from error
            raise StoreUnavailable("The recommendations cannot be kept.") from error
        except (BotoCoreError, OSError) as error:
            raise StoreUnavailable("The recommendations cannot be kept.") from error

    def _read(self) -> tuple[bytes, str]:
        found = self._client().get_object(Bucket=self._bucket, Key=KEY)
        return found["Body"].read(), found["ETag"]

    def _write(self, body: bytes, after: str) -> str:
        # The stubs want the parameters spelt out; which of the two conditions there is depends.
        condition: Any = {"IfNoneMatch": "*"} if after == NOTHING_SAVED else {"IfMatch": after}
        written = self._client().put_object(
            Bucket=self._bucket, Key=KEY, Body=body, ContentType="application/json", **condition
        )
        return written["ETag"]


class SnsNotifier:
    """Implements `Notifier`; subscribers that are programs find the notice's id in its attributes."""

    # The locked type stubs do not hold this service.
    def __init__(self, topic_arn: str, client: Callable[[], Any]) -> None:
        self._topic_arn = topic_arn
        self._client = client

    async def notify(self, subject: str, text: str, notice_id: str = "") -> None:
        """See `Notifier.notify`."""
        message = text.encode()[:_LONGEST_NOTICE_BYTES].decode(errors="ignore")
        attributes = {"notice_id": {"DataType": "String", "StringValue": notice_id}} if notice_id else {}
        try:
            await asyncio.to_thread(
                lambda: self._client().publish(
                    TopicArn=self._topic_arn,
                    Subject=subject,
                    Message=message,
                    MessageAttributes=attributes,
                )
            )
        except (BotoCoreError, ClientError) as error:
            raise ProviderUnavailable("The notice was not taken.") from error
