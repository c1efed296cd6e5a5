"""Keeps the task from being ended by a deployment or a scale-in while it has calls.

Accepting a call does not wait for the protection. The agent asks a service across the network, which takes longer
than a caller may wait, and nothing is lost in between: a task that is chosen to end is first taken out of the load
balancer, which leaves its sockets open for longer than the longest call, and only then told to stop. A claim that is
refused says that the task has been chosen; from then on new calls go to other tasks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Protocol

from shared.errors import ProviderUnavailable
from shared.observability import count, logger
from stream_service.live_calls import LiveCalls

CLAIM_MINUTES = 10
"""A task that hangs loses its protection by itself after this time."""

RENEW_SECONDS = CLAIM_MINUTES * 60 / 2
RELEASE_AFTER_SECONDS = 10.0
REFUSED_RETRY_SECONDS = 30.0
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 5.0, 60.0


class TaskProtection(Protocol):
    """What can protect the task that this process is."""

    async def claim(self, *, minutes: int) -> bool:
        """Be protected for so long from now on; False when the task has been chosen to end.

        Raises:
            ProviderUnavailable: not known whether it was granted.
        """

    async def release(self) -> None:
        """Need no protection any more.

        Raises:
            ProviderUnavailable: not known whether it was taken back; it runs out by itself.
        """


class Protection(Enum):
    """NONE: not asked for. CLAIMED: granted, to be renewed. REFUSED: the task has been chosen to end."""

    NONE = "none"
    CLAIMED = "claimed"
    REFUSED = "refused"


class Step(Enum):
    """What to do now."""

    CLAIM = "claim"
    RELEASE = "release"
    WAIT = "wait"


class ProtectionPlan:
    """When to claim, renew and release, by the number of calls; times in seconds of any one clock. Pure.

    A count that flaps between no call and one asks for little: the protection is released only when there was no
    call for a while.
    """

    def __init__(self) -> None:
        self.state = Protection.NONE
        self._next_claim_at = 0.0
        self._idle_since: float | None = None
        self._retry_seconds = FIRST_RETRY_SECONDS

    def next_step(self, *, active: int, now: float) -> tuple[Step, float | None]:
        """The next step, and for how long to wait if it is to wait; None for until the calls change."""
        if active:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        if self._idle_since is None or self.state is Protection.REFUSED:
            due_at, step = self._next_claim_at, Step.CLAIM
        elif self.state is Protection.CLAIMED:
            due_at, step = self._idle_since + RELEASE_AFTER_SECONDS, Step.RELEASE
        else:
            return Step.WAIT, None
        return (step, None) if now >= due_at else (Step.WAIT, due_at - now)

    def granted(self, *, now: float) -> None:
        """A claim was granted; without calls it is kept for a while like any other."""
        self.state = Protection.CLAIMED
        if self._idle_since is not None:
            self._idle_since = now
        self._next_claim_at = now + RENEW_SECONDS
        self._retry_seconds = FIRST_RETRY_SECONDS

    def refused(self, *, now: float) -> None:
        """A claim was refused; asked again even without calls, for the deployment may be called off."""
        self.state = Protection.REFUSED
        self._next_claim_at = now + REFUSED_RETRY_SECONDS

    def failed(self, *, now: float) -> None:
        """A claim got no answer; what held before may still hold."""
        self._next_claim_at = now + self._retry_seconds
        self._retry_seconds = min(2 * self._retry_seconds, LONGEST_RETRY_SECONDS)

    def released(self) -> None:
        """The protection was given back, or runs out by itself."""
        self.state = Protection.NONE
        self._next_claim_at = 0.0


class ProtectWhileCalled:
    """Follows the plan for as long as the service runs. Nothing it does can delay or end a call."""

    def __init__(
        self, live_calls: LiveCalls, protection: TaskProtection, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._live_calls = live_calls
        self._protection = protection
        self._clock = clock
        self._plan = ProtectionPlan()

    async def run(self) -> None:
        """Claim, renew and release until cancelled; then release what is held."""
        try:
            while True:
                step, wait_seconds = self._plan.next_step(active=self._live_calls.active, now=self._clock())
                match step:
                    case Step.CLAIM:
                        await self._claim()
                    case Step.RELEASE:
                        await self._release()
                    case Step.WAIT:
                        with suppress(TimeoutError):
                            async with asyncio.timeout(wait_seconds):
                                await self._live_calls.changed()
        finally:
            if self._plan.state is Protection.CLAIMED:
                await self._release()

    async def _claim(self) -> None:
        before = self._plan.state
        try:
            is_granted = await self._protection.claim(minutes=CLAIM_MINUTES)
        except ProviderUnavailable:
            # Fail open: calls are worth more than the small chance that the task is ended just now.
            logger.warning("task_protection_unknown", exc_info=True)
            count("task_protection_failed")
            self._plan.failed(now=self._clock())
            return
        if is_granted:
            self._plan.granted(now=self._clock())
        else:
            self._plan.refused(now=self._clock())
        self._live_calls.hold_off(is_on=not is_granted)
        if before is not self._plan.state:
            logger.info("task_protection_changed", state=self._plan.state.value, active=self._live_calls.active)

    async def _release(self) -> None:
        try:
            await self._protection.release()
        except ProviderUnavailable:
            logger.warning("task_protection_not_released", exc_info=True)
        else:
            logger.info("task_protection_released")
        self._plan.released()
