"""Tells the platform, by signed webhooks, what became of its messages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

import httpx

from local.simulators.faults import Fault
from local.simulators.settings import StatusTiming

logger = logging.getLogger(__name__)

MOST_PENDING = 5000
POST_TIMEOUT_SECONDS = 15

PostStatus = Callable[[str], Awaitable[httpx.Response]]
"""Sends one status, such as "delivered"."""


class StatusPlayer:
    """Plays sent, delivered and read after each message, repeats what is refused, and gives up in the end."""

    def __init__(self, timing: StatusTiming | None) -> None:
        self._timing = timing
        self._pending: set[asyncio.Task[None]] = set()
        self.given_up = 0
        self.skipped = 0
        """Messages whose statuses were never played because too many were pending."""

    @property
    def pending(self) -> int:
        """Messages whose statuses are still being played."""
        return len(self._pending)

    def play(self, post: PostStatus, fault: Fault) -> None:
        """Start telling what becomes of one accepted message."""
        if self._timing is None:
            return
        if len(self._pending) >= MOST_PENDING:
            self.skipped += 1
            return
        task = asyncio.create_task(self._play(self._timing, post, fault))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def stop(self) -> None:
        """Drop what is pending."""
        for task in self._pending:
            task.cancel()
        await asyncio.gather(*self._pending, return_exceptions=True)

    async def _play(self, timing: StatusTiming, post: PostStatus, fault: Fault) -> None:
        elapsed = 0.0
        for status, due in _schedule(timing, fault):
            await asyncio.sleep(max(due - elapsed, 0))
            elapsed = max(due, elapsed)
            for _ in range(2 if fault.duplicate_statuses else 1):
                await self._post_until_taken(timing, post, status)

    async def _post_until_taken(self, timing: StatusTiming, post: PostStatus, status: str) -> None:
        for pause_seconds in (*timing.retry_seconds, None):
            try:
                if (await post(status)).is_success:
                    return
            except httpx.HTTPError as error:
                logger.warning("status_webhook_failed", extra={"reason": type(error).__name__})
            if pause_seconds is not None:
                await asyncio.sleep(pause_seconds)
        self.given_up += 1


def _schedule(timing: StatusTiming, fault: Fault) -> Iterable[tuple[str, float]]:
    if fault.delivery_error_code is not None:
        return [("sent", timing.sent_seconds), ("failed", timing.delivered_seconds)]
    dues = (timing.sent_seconds, timing.delivered_seconds, timing.read_seconds)
    statuses = ("read", "delivered", "sent") if fault.reorder_statuses else ("sent", "delivered", "read")
    return zip(statuses, dues, strict=True)
