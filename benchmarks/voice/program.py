"""A server that the benchmark starts in a process of its own, waits for and ends."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

STOP_SECONDS = 60
_POLL_SECONDS = 0.25
_SHOWN_CHARACTERS = 2000


class NotStarted(Exception):
    """The server ended, or was not ready in time; the message shows the end of its log."""


@asynccontextmanager
async def running_program(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str],
    is_ready: Callable[[], bool],
    within_seconds: int,
) -> AsyncIterator[int]:
    """Start it, wait until it is ready, yield its process id, and end it with SIGINT.

    Raises:
        NotStarted: it ended, or took too long.
    """
    process = _start(command, log, environment)
    try:
        await _wait_until_ready(process, is_ready, within_seconds, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _start(command: Sequence[str | Path], log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        # In a session of its own, so that Ctrl-C reaches only us, and we end it in order.
        return subprocess.Popen(  # noqa: S603 - a program of ours
            command, env=dict(environment), stdout=output, stderr=output, start_new_session=True
        )


async def _wait_until_ready(
    process: subprocess.Popen[bytes], is_ready: Callable[[], bool], within_seconds: int, log: Path
) -> None:
    for _ in range(round(within_seconds / _POLL_SECONDS)):
        if process.poll() is not None:
            raise NotStarted(f"it ended with {process.returncode}:\n{_tail(log)}")
        if is_ready():
            return
        await asyncio.sleep(_POLL_SECONDS)
    raise NotStarted(f"it was not ready within {within_seconds} s:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-_SHOWN_CHARACTERS:]
