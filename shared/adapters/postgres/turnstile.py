"""Who may use the pool now, and who waits: a bounded number, for a bounded time, first come first served."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from contextlib import suppress
from typing import NamedTuple

from shared.errors import StoreUnavailable
from shared.observability import count, logger, measure

MOST_WAITING = 200
"""More than the busiest moment of a task needs; beyond it nobody would be served in time anyway."""
LONGEST_WAIT_SECONDS = 2.0
RETRY_AFTER_SECONDS = 2


class PoolUse(NamedTuple):
    """The most connections that were in use at once, and the most callers that waited at once, since the last look."""

    in_use: int
    waiting: int


class Turnstile:
    """Lets as many in as there are places. `leave` may be called from any thread, all else on an event loop."""

    def __init__(
        self, places: int, *, most_waiting: int = MOST_WAITING, longest_wait_seconds: float = LONGEST_WAIT_SECONDS
    ) -> None:
        self._places = places
        self._most_waiting = most_waiting
        self._longest_wait_seconds = longest_wait_seconds
        self._lock = threading.Lock()
        self._free = places
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._peak = PoolUse(0, 0)

    async def enter(self) -> None:
        """Take a place; whoever got one must leave it.

        Raises:
            StoreUnavailable: too many wait already, or no place became free in time.
        """
        turn = self._take_or_queue()
        if turn is None:
            return
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._longest_wait_seconds):
                await turn
        except TimeoutError:
            self._give_up(turn)
            raise self._refusal("waited_too_long") from None
        except asyncio.CancelledError:
            self._give_up(turn)
            raise
        finally:
            measure("database_wait", (time.perf_counter() - began) * 1000)

    def leave(self) -> None:
        """Give the place to whoever waits longest, or back."""
        with self._lock:
            while self._waiting:
                turn = self._waiting.popleft()
                # A loop that was closed has nobody who waits any more.
                with suppress(RuntimeError):
                    turn.get_loop().call_soon_threadsafe(self._call, turn)
                    return
            self._free += 1

    def use_since_last_look(self) -> PoolUse:
        """How busy it was; the next look begins anew."""
        with self._lock:
            peak, self._peak = self._peak, self._now()
        return peak

    def _take_or_queue(self) -> asyncio.Future[None] | None:
        """None for whoever is in; else the turn to wait for."""
        with self._lock:
            if self._free:
                self._free -= 1
                turn = None
            elif len(self._waiting) >= self._most_waiting:
                raise self._refusal("too_many_wait")
            else:
                turn = asyncio.get_running_loop().create_future()
                self._waiting.append(turn)
            now = self._now()
            self._peak = PoolUse(max(self._peak.in_use, now.in_use), max(self._peak.waiting, now.waiting))
        return turn

    def _now(self) -> PoolUse:
        return PoolUse(self._places - self._free, len(self._waiting))

    def _call(self, turn: asyncio.Future[None]) -> None:
        """The place goes to this one, or on to the next if this one has left meanwhile."""
        if turn.done():
            self.leave()
        else:
            turn.set_result(None)

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        """Stop waiting; a place that came in the same moment goes on to the next."""
        with self._lock, suppress(ValueError):
            self._waiting.remove(turn)
        if turn.done() and not turn.cancelled():
            self.leave()

    def _refusal(self, reason: str) -> StoreUnavailable:
        count("database_refused")
        logger.warning("database_busy", reason=reason)
        return StoreUnavailable("The database is busy.", retry_after_seconds=RETRY_AFTER_SECONDS)
