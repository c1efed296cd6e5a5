"""RestoreTests over CloudWatch: the metric that `check_restore` records is kept for fifteen months."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import ProviderUnavailable
from shared.observability import NAMESPACE

METRIC = "restore_succeeded"
# CloudWatch still knows it after 40 days, and one answer holds that many points.
_PERIOD_SECONDS = 3600


class CloudWatchRestoreTests:
    """Implements `RestoreTests`."""

    # The locked type stubs do not hold CloudWatch.
    def __init__(self, client: Callable[[], Any], clock: Callable[[], datetime], *, service: str) -> None:
        """`service` is the function that records the metric, by which it is told apart."""
        self._client = client
        self._clock = clock
        self._service = service

    async def last_success_at(self, *, since: datetime) -> datetime | None:
        """See `RestoreTests.last_success_at`."""
        try:
            found = await asyncio.to_thread(
                lambda: self._client().get_metric_statistics(
                    Namespace=NAMESPACE,
                    MetricName=METRIC,
                    Dimensions=[{"Name": "service", "Value": self._service}],
                    StartTime=since,
                    EndTime=self._clock(),
                    Period=_PERIOD_SECONDS,
                    Statistics=["Maximum"],
                )
            )
        except (BotoCoreError, ClientError) as error:
            raise ProviderUnavailable("CloudWatch gave no answer about restore tests.") from error
        succeeded: list[datetime] = [point["Timestamp"] for point in found["Datapoints"] if point["Maximum"] >= 1]
        return max(succeeded, default=None)
