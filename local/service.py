"""One program that the supervisor keeps running."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from local import child_process, ports

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 10.0
MOST_RESTARTS_AT_START = 2
STEADY_SECONDS = 30.0
"""After this long without a crash the next restart is quick again."""

logger = logging.getLogger(__name__)


class ServiceFailedError(Exception):
    """A program ended or did not become ready while the platform started; the message names its log."""


@dataclass(slots=True, kw_only=True)
class Service:
    """A program: how to start it, when it is ready, how to end it.

    `spawn` is called on the event loop's thread, because the program ends with the thread that started it.
    """

    name: str
    spawn: Callable[[], subprocess.Popen[bytes]]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _started_at: float = field(default=0.0, init=False)
    _pause_seconds: float = field(default=FIRST_PAUSE_SECONDS, init=False)
    _restart_at: float | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the program."""
        self._started_at = time.monotonic()
        self._restart_at = None
        self.process = self.spawn()

    @property
    def is_running(self) -> bool:
        """Whether the program has been started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def restart_if_ended(self) -> bool:
        """Start the program again when it crashed, after a pause that grows with every crash; True when it did."""
        if self.is_running or self.process is None:
            return False
        now = time.monotonic()
        if self._restart_at is None:
            if now - self._started_at > STEADY_SECONDS:
                self._pause_seconds = FIRST_PAUSE_SECONDS
            self._restart_at = now + self._pause_seconds
            logger.warning("%s ended with %s; restarting", self.name, self.process.returncode)
            self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)
        if now < self._restart_at:
            return False
        child_process.kill_group(self.process.pid)
        self.start()
        return True

    async def stop(self) -> None:
        """End the program and everything it started."""
        if self.process is not None:
            await asyncio.to_thread(
                child_process.stop, self.process, stop_signal=self.stop_signal, within_seconds=self.stop_seconds
            )


async def wait_until(
    is_true: Callable[[], bool | Awaitable[bool]], service: Service, *, within_seconds: float, log: str
) -> None:
    """Return when the condition holds. A program that ends meanwhile is started again a few times.

    Raises:
        ServiceFailedError: the program ended once more, or it took too long.
    """
    deadline = time.monotonic() + within_seconds
    restarts = 0
    while True:
        outcome = is_true()
        if await outcome if isinstance(outcome, Awaitable) else outcome:
            return
        restarts += service.restart_if_ended()
        if restarts > MOST_RESTARTS_AT_START or time.monotonic() > deadline:
            message = f"{service.name} did not start; see {log}"
            raise ServiceFailedError(message)
        await asyncio.sleep(0.05)


def is_listening_on(port: int) -> Callable[[], Awaitable[bool]]:
    """A condition: something accepts connections on the port."""
    return lambda: asyncio.to_thread(ports.is_listening, port)
