"""Tells the platform, by signed webhooks, what became of its messages."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence

import httpx

from local.simulators.faults import Fault
from local.simulators.settings import StatusTiming

logger = logging.getLogger(__name__)

MOST_PENDING = 5000
POST_TIMEOUT_SECONDS = 15
USUAL_STATUSES = ("sent", "delivered", "read")
FAILED_STATUSES = ("sent", "failed")

PostStatuses = Callable[[Sequence[str]], Awaitable[httpx.Response]]
"""Sends one status, such as "delivered", or several in one post."""


class StatusPlayer:
    """Plays what follows each message, repeats what is refused, and gives up in the end."""

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

    def play(
        self,
        post: PostStatuses,
        fault: Fault,
        *,
        usual: Sequence[str] = USUAL_STATUSES,
        can_be_sent: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """Start telling what becomes of one accepted message: `usual`, unless the fault has it otherwise.

        `can_be_sent` finds out what the provider did not look at before it accepted the message.
        """
        if self._timing is None:
            return
        if len(self._pending) >= MOST_PENDING:
            self.skipped += 1
            return
        task = asyncio.create_task(self._play_if_it_can_be_sent(self._timing, post, fault, usual, can_be_sent))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def stop(self) -> None:
        """Drop what is pending."""
        for task in self._pending:
            task.cancel()
        await asyncio.gather(*self._pending, return_exceptions=True)

    async def _play_if_it_can_be_sent(
        self,
        timing: StatusTiming,
        post: PostStatuses,
        fault: Fault,
        usual: Sequence[str],
        can_be_sent: Callable[[], Awaitable[bool]] | None,
    ) -> None:
        fails = can_be_sent is not None and not await can_be_sent()
        await self._play(timing, post, fault, FAILED_STATUSES if fails else usual)

    async def _play(self, timing: StatusTiming, post: PostStatuses, fault: Fault, usual: Sequence[str]) -> None:
        elapsed_seconds = 0.0
        for statuses, due_seconds in schedule(timing, fault, usual):
            await asyncio.sleep(max(due_seconds - elapsed_seconds, 0))
            elapsed_seconds = max(due_seconds, elapsed_seconds)
            for _ in range(2 if fault.duplicate_statuses else 1):
                await self._post_until_taken(timing, post, statuses)

    async def _post_until_taken(self, timing: StatusTiming, post: PostStatuses, statuses: Sequence[str]) -> None:
        for pause_seconds in (*timing.retry_seconds, None):
            try:
                if (await post(statuses)).is_success:
                    return
            except httpx.HTTPError as error:
                logger.warning("status_webhook_failed", extra={"reason": type(error).__name__})
            if pause_seconds is not None:
                await asyncio.sleep(pause_seconds)
        self.given_up += 1


def schedule(timing: StatusTiming, fault: Fault, usual: Sequence[str]) -> list[tuple[tuple[str, ...], float]]:
    """The posts that follow an accepted message: the statuses of each, and when it is due, in seconds."""
    statuses = list(usual)
    if fault.statuses is not None:
        statuses = list(fault.statuses)
    elif fault.delivery_error_code is not None:
        statuses = list(FAILED_STATUSES)
    if fault.shuffle_statuses:
        secrets.SystemRandom().shuffle(statuses)
    if fault.reorder_statuses:
        statuses.reverse()
    dues = [timing.sent_seconds, timing.delivered_seconds, timing.read_seconds][: len(statuses)]
    dues += [timing.read_seconds] * (len(statuses) - len(dues))
    late = [due + fault.status_delay_ms / 1000 for due in dues]
    if fault.batch_statuses and statuses:
        return [(tuple(statuses), late[-1])]
    return [((status,), due) for status, due in zip(statuses, late, strict=True)]
