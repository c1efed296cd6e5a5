"""What the machine does to a program: the clock steps, the disk of the logs is full."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from local.drill.fault import Fault, Scene
from local.drill.stepped_clock import step

SECONDS = 5.0
HOUR_SECONDS = 3600
CLOCKS = {
    "message_webhook": "a message webhook",
    "message_worker": "the message worker",
    "stream_service": "a stream task",
}
LOGGERS = (
    "message_webhook",
    "voice_webhook",
    "message_worker",
    "history_api",
    "stream_service",
    "stream_service_2",
)
"""Not those that start others: who is started meanwhile would stay without a log."""


def machine_faults() -> list[Fault]:
    """Clock steps of single processes, and full disks."""
    return [
        *clock_faults(),
        Fault(
            name="logs-full",
            title=f"no program can write its log for {SECONDS:g} s (disk full)",
            inflict=_fill_logs,
            seconds=SECONDS,
        ),
    ]


def clock_faults() -> list[Fault]:
    """An hour forth and back, an hour back and forth, one process at a time."""
    return [
        Fault(
            name=f"clock-{'ahead' if hours > 0 else 'behind'}-{name}",
            title=f"the clock of {title} steps by {hours:+} h, and back after {SECONDS:g} s",
            inflict=partial(_step_clock, name=name, seconds=hours * HOUR_SECONDS),
            seconds=SECONDS,
        )
        for name, title in CLOCKS.items()
        for hours in (1, -1)
    ]


@asynccontextmanager
async def _step_clock(scene: Scene, *, name: str, seconds: int) -> AsyncIterator[None]:
    directory, pids = scene.copy.layout.directory, scene.copy.pids(name)[:1]
    for pid in pids:
        step(directory, pid, seconds)
    try:
        yield
    finally:
        for pid in pids:
            step(directory, pid, 0)


@asynccontextmanager
async def _fill_logs(scene: Scene) -> AsyncIterator[None]:
    """Files may not grow any more: each write fails as on a full disk."""
    pids = [pid for name in LOGGERS for pid in scene.copy.pids(name)]
    limits = {}
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            limits[pid] = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[pid][1]))
    try:
        yield
    finally:
        for pid, limit in limits.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
