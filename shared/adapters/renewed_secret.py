"""SecretSource: the last known value of a secret, read again on a thread of its own when it is old or was refused."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.errors import PlatformError
from shared.observability import count, logger

Value = TypeVar("Value")

AGE_SECONDS = 300.0
"""How long a process goes on with a value that nobody refused."""
PAUSE_SECONDS = 15.0
"""Between two readings that a refusal, or a failed reading, has led to, when refusals go on."""
FIRST_PAUSE_SECONDS = 1.0
"""After the first such reading. It doubles, because a provider often refuses the old value before the new one is put
where we read it; a change, or a long time without refusals, begins anew."""
PATIENCE_SECONDS = 2.0
"""How long a request waits for a reading; then the last known value has to do."""


@dataclass(frozen=True, slots=True)
class _Reading(Generic[Value]):
    value: Value
    edition: int
    read_at: float


class RenewedSecret(Generic[Value]):
    """One secret of this process, for all its threads and its event loop.

    There is one reading at a time, for which all who want one wait. What fails changes nothing.
    """

    def __init__(
        self,
        read: Callable[[], Value],
        *,
        age_seconds: float = AGE_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read` may block; it raises a `PlatformError` when the value cannot be had or is of no use."""
        self._read = read
        self._age_seconds = age_seconds
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._first_lock = threading.Lock()
        self._known: _Reading[Value] | None = None
        self._running: tuple[Future[None], float] | None = None
        self._not_before = 0.0
        self._next_pause_seconds = min(FIRST_PAUSE_SECONDS, pause_seconds)

    def current(self) -> Value:
        """The last known value. Only the very first one is waited for; an old one is meanwhile read again.

        Raises:
            PlatformError: the very first reading failed.
        """
        known = self._known or self._first()
        if self._is_old(known):
            self._start(forced=False)
        return known.value

    async def refresh(self) -> int:
        """See `SecretSource.refresh`."""
        if self._known is None:
            await asyncio.to_thread(self.current)
        assert self._known is not None
        if self._is_old(self._known):
            await self._wait(self._start(forced=False))
        return self._known.edition

    async def renew(self, seen: int) -> bool:
        """See `SecretSource.renew`."""
        if self._edition == seen:
            await self._wait(self._start(forced=True))
        return self._edition != seen

    def renew_in_place(self) -> Value:
        """The same for a thread that may block: the value after another reading, if one is due."""
        running = self._start(forced=True)
        if running is not None:
            with suppress(TimeoutError):
                running[0].result(timeout=PATIENCE_SECONDS)
        return self.current()

    def _first(self) -> _Reading[Value]:
        with self._first_lock:
            return self._known or self._keep(self._read())

    @property
    def _edition(self) -> int:
        return 0 if self._known is None else self._known.edition

    def _is_old(self, known: _Reading[Value]) -> bool:
        return self._clock() - known.read_at >= self._age_seconds

    def _start(self, *, forced: bool) -> tuple[Future[None], float] | None:
        """The reading under way, or a new one; None if it is too early for one."""
        with self._lock:
            if self._running is not None:
                return self._running
            now = self._clock()
            if now < self._not_before:
                return None
            if forced:
                self._wait_longer(now)
            done: Future[None] = Future()
            done.set_running_or_notify_cancel()  # From now on nobody who stops waiting can cancel it.
            self._running = (done, now)
        threading.Thread(target=self._run, args=(done,), name="secret", daemon=True).start()
        return done, now

    def _wait_longer(self, now: float) -> None:
        """Twice as long as the last time, up to the full pause, unless the last time is long ago."""
        if now - self._not_before >= self._age_seconds:
            self._next_pause_seconds = min(FIRST_PAUSE_SECONDS, self._pause_seconds)
        self._not_before = now + self._next_pause_seconds
        self._next_pause_seconds = min(2 * self._next_pause_seconds, self._pause_seconds)

    def _run(self, done: Future[None]) -> None:
        try:
            self._keep(self._read())
        except PlatformError as error:
            self._note_failure(error.code)
        except Exception as error:  # noqa: BLE001 - a thread's entry point; its words may quote the value
            self._note_failure(type(error).__name__)
        finally:
            with self._lock:
                self._running = None
            done.set_result(None)

    def _note_failure(self, code: str) -> None:
        self._not_before = self._clock() + self._pause_seconds
        logger.warning("secret_not_read", code=code)
        count("secret_not_read")

    def _keep(self, value: Value) -> _Reading[Value]:
        with self._lock:
            before = self._known
            has_changed = before is not None and before.value != value
            edition = 1 if before is None else before.edition + int(has_changed)
            self._known = known = _Reading(value, edition, self._clock())
            if has_changed:
                # It was no forger who made us look, and where one secret is changed, the next one may be soon.
                self._not_before = 0.0
                self._next_pause_seconds = min(FIRST_PAUSE_SECONDS, self._pause_seconds)
        if has_changed:
            logger.info("secret_changed")
        return known

    async def _wait(self, running: tuple[Future[None], float] | None) -> None:
        if running is None:
            return
        done, started_at = running
        # Of a reading that hangs, only the first to come feel it.
        remaining_seconds = started_at + PATIENCE_SECONDS - self._clock()
        if remaining_seconds <= 0:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(remaining_seconds):
                await asyncio.shield(asyncio.wrap_future(done))
