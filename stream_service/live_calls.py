"""The calls of this process: admitted and counted, and no more of them once the process is to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from shared.errors import RateLimited


class LiveCalls:
    """Admits calls up to a capacity, and none any more once draining, or while told to hold new ones off."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._active = 0
        self._is_draining = False
        self._is_held_off = False
        self._changed = asyncio.Event()

    @property
    def active(self) -> int:
        """Calls in progress."""
        return self._active

    @property
    def is_draining(self) -> bool:
        """Whether the process is finishing its calls before it stops."""
        return self._is_draining

    @property
    def admits(self) -> bool:
        """Whether a call that came now would be let in."""
        return not (self._is_draining or self._is_held_off) and self._active < self.capacity

    @contextmanager
    def admit(self) -> Generator[None, None, None]:
        """Count a call in for as long as the context lasts.

        Raises:
            RateLimited: full, draining or held off.
        """
        if not self.admits:
            raise RateLimited("This instance takes no more calls.", retry_after_seconds=1)
        self._active += 1
        if self._active == 1:
            self._changed.set()
        try:
            yield
        finally:
            self._active -= 1
            if self._active == 0:
                self._changed.set()

    def drain(self) -> None:
        """Take no new call from now on."""
        self._is_draining = True

    def hold_off(self, *, is_on: bool) -> None:
        """Take no new call for the time being, or take calls again; those in progress go on."""
        self._is_held_off = is_on

    async def changed(self) -> None:
        """Wait until the first call has come or the last one has gone; for one waiter."""
        await self._changed.wait()
        self._changed.clear()
