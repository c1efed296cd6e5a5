"""Processes that die, hang, or are told to end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from local.drill.fault import Fault, Scene
from local.drill.platform_copy import PlatformCopy

KILLED = {
    "message_webhook": "an environment of the message webhook",
    "voice_webhook": "an environment of the voice webhook",
    "message_worker": "the message worker",
    "queue_poller": "the queue poller, with its worker",
    "stream_service": "a task of the stream service, with calls running",
    "front_door": "the front door, with all functions behind it",
    "history_api": "an environment of the history API",
    "aws": "the AWS emulator (S3, SQS, secrets)",
    "postgres": "PostgreSQL",
}
DEAD_SECONDS = 5.0
HANG_SECONDS = 5.0
_POLL_SECONDS = 0.1


def kills() -> list[Fault]:
    """Every process that a kill -9 can hit; what hangs; what is told to end."""
    faults = [
        Fault(name=f"kill-{name}", title=f"kill -9: {title}", inflict=partial(_kill, name=name))
        for name, title in KILLED.items()
    ]
    return [
        *faults,
        Fault(name="kill-valkey", title="kill -9: a Valkey master, started again", inflict=_kill_master),
        Fault(name="kill-valkey-all", title="kill -9: all six Valkey nodes", inflict=_kill_all_nodes),
        Fault(
            name="valkey-failover",
            title=f"a Valkey master stays dead for {DEAD_SECONDS:g} s: its replica takes over",
            inflict=_dead_master,
            seconds=DEAD_SECONDS,
            restarts=frozenset({"valkey"}),
        ),
        Fault(
            name="hang-postgres",
            title=f"PostgreSQL hangs for {HANG_SECONDS:g} s (SIGSTOP)",
            inflict=_hang_postgres,
            seconds=HANG_SECONDS,
        ),
        Fault(
            name="hang-worker",
            title=f"the message worker hangs for {HANG_SECONDS:g} s (SIGSTOP)",
            inflict=partial(_hang, name="message_worker"),
            seconds=HANG_SECONDS,
        ),
        Fault(
            name="drain",
            title="SIGTERM: a stream task with calls running (deployment)",
            inflict=partial(_tell_to_end, name="stream_service"),
        ),
    ]


@asynccontextmanager
async def _kill(scene: Scene, *, name: str) -> AsyncIterator[None]:
    _signal(scene.copy.pids(name)[:1], signal.SIGKILL)
    yield


@asynccontextmanager
async def _tell_to_end(scene: Scene, *, name: str) -> AsyncIterator[None]:
    _signal(scene.copy.pids(name), signal.SIGTERM)
    yield


@asynccontextmanager
async def _hang(scene: Scene, *, name: str) -> AsyncIterator[None]:
    pids = scene.copy.pids(name)
    _signal(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


@asynccontextmanager
async def _hang_postgres(scene: Scene) -> AsyncIterator[None]:
    """The server and all its sessions, each of which is a process."""
    server = scene.copy.pids("postgres")
    sessions = [pid for parent in server for pid in _children(parent)]
    _signal([*server, *sessions], signal.SIGSTOP)
    try:
        yield
    finally:
        _signal([*server, *sessions], signal.SIGCONT)


@asynccontextmanager
async def _kill_master(scene: Scene) -> AsyncIterator[None]:
    _signal([scene.copy.valkey_master()[1]], signal.SIGKILL)
    yield


@asynccontextmanager
async def _kill_all_nodes(scene: Scene) -> AsyncIterator[None]:
    _signal(scene.copy.pids("valkey"), signal.SIGKILL)
    yield


@asynccontextmanager
async def _dead_master(scene: Scene) -> AsyncIterator[None]:
    """It is started again at once, so it is killed again at once."""
    port, _ = scene.copy.valkey_master()
    killing = asyncio.create_task(_keep_killing(scene.copy, port))
    try:
        yield
    finally:
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)


async def _keep_killing(copy: PlatformCopy, port: int) -> None:
    place = copy.configuration.ports.valkey.index(port)
    while True:
        _signal([copy.pids("valkey")[place]], signal.SIGKILL)
        await asyncio.sleep(_POLL_SECONDS)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(stat.parent.name))
    return found
