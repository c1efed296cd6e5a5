"""RecommendationStore over one JSON object in S3, Notifier over SNS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.idle import Recommendation
from shared.errors import ProviderUnavailable, StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "reports/idle_resources.json"
_LONGEST_NOTICE = 200_000


class S3RecommendationStore:
    """Implements `RecommendationStore`."""

    def __init__(self, bucket: str, client: Callable[[], S3Client]) -> None:
        self._bucket = bucket
        self._client = client

    async def load(self) -> tuple[Recommendation, ...]:
        """See `RecommendationStore.load`."""
        try:
            body = await asyncio.to_thread(self._read)
            return msgspec.json.decode(body, type=tuple[Recommendation, ...])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return ()
            raise StoreUnavailable("The recommendations cannot be read.") from error
        except (BotoCoreError, OSError, msgspec.MsgspecError) as error:
            raise StoreUnavailable("The recommendations cannot be read.") from error

    async def save(self, recommendations: tuple[Recommendation, ...]) -> None:
        """See `RecommendationStore.save`."""
        body = msgspec.json.encode(recommendations)
        try:
            await asyncio.to_thread(
                lambda: self._client().put_object(
                    Bucket=self._bucket, Key=KEY, Body=body, ContentType="application/json"
                )
            )
        except (BotoCoreError, ClientError, OSError) as error:
            raise StoreUnavailable("The recommendations cannot be kept.") from error

    def _read(self) -> bytes:
        return self._client().get_object(Bucket=self._bucket, Key=KEY)["Body"].read()


class SnsNotifier:
    """Implements `Notifier`."""

    # The locked type stubs do not hold this service.
    def __init__(self, topic_arn: str, client: Callable[[], Any]) -> None:
        self._topic_arn = topic_arn
        self._client = client

    async def notify(self, subject: str, text: str) -> None:
        """See `Notifier.notify`."""
        try:
            await asyncio.to_thread(
                lambda: self._client().publish(
                    TopicArn=self._topic_arn, Subject=subject, Message=text[:_LONGEST_NOTICE]
                )
            )
        except (BotoCoreError, ClientError) as error:
            raise ProviderUnavailable("The notice was not taken.") from error
