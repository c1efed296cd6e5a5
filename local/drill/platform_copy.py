"""The copy of the platform that the drill breaks: its own folder and ports, nothing of it left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import redis

from local import child_process
from local.configuration import Configuration, read_configuration
from local.layout import REPOSITORY, Layout
from local.ports import HOST, free_port
from local.running_stack import NotRunning, RunningStack
from local.stack_file import read_stack

START_SECONDS = 300
STOP_SECONDS = 60
_POLL_SECONDS = 0.2

SETTINGS = {
    "LANGUAGE_MODEL": "openai",
    "OPENAI_MODEL": "echo",
    "EMBEDDINGS": "none",
    "SPEECH_TO_TEXT": "scripted",
    "TEXT_TO_SPEECH": "scripted",
    "SCRIPTED_SPEECH_MS": "900",
    "ANSWER_LEASE_SECONDS": "6",
}
"""Engines that do what they are told: the drill is about everything around them. The model is a server of the drill."""


class PlatformCopy:
    """A copy that is ready, and what can be seen of it from outside."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @property
    def facts(self) -> dict[str, Any]:
        """What stack.json says now; process ids change when a process is replaced."""
        facts = read_stack(self.layout.stack_file)
        if facts is None:
            raise NotRunning("the platform has ended")
        return facts

    @property
    def stack(self) -> RunningStack:
        """The same as the commands see it."""
        return RunningStack(self.facts)

    @property
    def configuration(self) -> Configuration:
        """What the start decided."""
        return read_configuration(self.layout.configuration_file)

    def pids(self, name: str) -> list[int]:
        """The processes of this name; none when there is no such program."""
        known = self.facts["pids"].get(name, [])
        return known if isinstance(known, list) else [known]

    def valkey_master(self) -> tuple[int, int]:
        """Port and process of a cache node that is a master now.

        Raises:
            NotRunning: none is.
        """
        for port, pid in zip(self.configuration.ports.valkey, self.pids("valkey"), strict=True):
            with contextlib.closing(redis.Redis(host=HOST, port=port, socket_timeout=2)) as node:
                if node.info("replication")["role"] == "master":
                    return port, pid
        raise NotRunning("no node of the Valkey cluster is a master")


@asynccontextmanager
async def running_copy(
    directory: Path, settings: Mapping[str, str], *, fault_control: int | None = None
) -> AsyncIterator[PlatformCopy]:
    """Start a copy and end it. If it has a fault proxy, that is told what to do on port `fault_control`.

    Raises:
        NotRunning: it does not start; the message names its log.
    """
    log = directory / "up.log"
    command = [sys.executable, "-m", "local", "up", "--port", str(free_port()), "--directory", str(directory)]
    if fault_control is not None:
        command += ["--fault-control", str(fault_control)]
    environment = {**os.environ, **SETTINGS, **settings}
    # It ends with us, whatever happens to us; in a group of its own, so that Ctrl-C ends the load first.
    process = child_process.spawn(command, log=log, cwd=REPOSITORY, environment=environment, stop_signal=signal.SIGINT)
    copy = PlatformCopy(Layout(directory=directory))
    try:
        await _wait_until_ready(process, copy.layout, log)
        yield copy
    finally:
        await asyncio.to_thread(child_process.stop, process, stop_signal=signal.SIGINT, within_seconds=STOP_SECONDS)


async def _wait_until_ready(process: subprocess.Popen[bytes], layout: Layout, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not layout.stack_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotRunning(f"the platform could not be started; see {log}")
        await asyncio.sleep(_POLL_SECONDS)
