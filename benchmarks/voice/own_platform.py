"""The stream service of this repository on the real local platform: one that runs, or one started for the benchmark."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from benchmarks.voice.door import WebhookDoor
from benchmarks.voice.level import Server
from benchmarks.voice.processors import pin
from benchmarks.voice.program import running_program
from local.configuration import read_configuration
from local.layout import REPOSITORY, Layout
from local.ports import HOST, free_port
from local.simulators.phone_line import PhoneLine
from local.stack_file import read_stack

NAME = "vaani"
START_SECONDS = 180
_SPARE_CALLS = 50

SETTINGS = {
    "LANGUAGE_MODEL": "scripted",
    "EMBEDDINGS": "none",
    "SPEECH_TO_TEXT": "scripted",
    "TEXT_TO_SPEECH": "scripted",
    "VAD_START_MS": "200",
    "VAD_STOP_MS": "200",
    "SCRIPTED_REPLY_TOKENS": "20",
    "SCRIPTED_SPEECH_MS": "2000",
    "VAANI_STREAM_TASKS": "1",
}
"""What the benchmark changes: engines, and one task for one processor. Signatures, tokens and stores are as always."""


class PlatformMissing(Exception):
    """There is no platform to measure; the message says what to do."""


def platform_settings(*, voice_activity: str, most_calls: int) -> dict[str, str]:
    """The environment of a platform for this benchmark."""
    return {**SETTINGS, "VOICE_ACTIVITY": voice_activity, "CALLS_PER_TASK": str(most_calls + _SPARE_CALLS)}


@asynccontextmanager
async def started_platform(
    directory: Path, settings: Mapping[str, str], *, processor: int | None, others: int | None
) -> AsyncIterator[Server]:
    """Start a copy with its own data and ports, and end it afterwards.

    Raises:
        NotStarted: it did not start.
    """
    stack_file = directory / "stack.json"
    command = [sys.executable, "-m", "local", "up", "--port", str(free_port()), "--directory", str(directory)]
    environment = {**os.environ, **settings, "PYTHONPATH": str(REPOSITORY)}
    async with (
        running_program(
            command,
            log=directory / "up.log",
            environment=environment,
            is_ready=stack_file.exists,
            within_seconds=START_SECONDS,
        ),
        attached_platform(stack_file, processor=processor, others=others) as server,
    ):
        yield server


@asynccontextmanager
async def attached_platform(stack_file: Path, *, processor: int | None, others: int | None) -> AsyncIterator[Server]:
    """Use a running copy; its stream service goes to `processor`, its other programs to `others`.

    Raises:
        PlatformMissing: none runs there.
    """
    stack = read_stack(stack_file)
    if stack is None:
        raise PlatformMissing(f"{stack_file} is missing: start the platform with `make run` and the settings of README")
    pid: int = stack["pids"]["stream_service"]
    if processor is not None and others is not None:
        _pin_all(stack["pids"], others)
        pin(pid, [processor])
    # Of several tasks the first is measured. The front door stands for a load balancer and is left out.
    port = read_configuration(Layout(directory=stack_file.parent).configuration_file).ports.stream_service[0]
    line = PhoneLine(
        base_url=stack["base_url"], auth_token=stack["twilio_auth_token"], account_sid=stack["twilio_account_sid"]
    )
    async with httpx.AsyncClient(trust_env=False) as client:
        door = WebhookDoor(client, line, media_host=HOST, media_port=port)
        yield Server(name=NAME, door=door, pid=pid, processor=processor)


def _pin_all(pids: Mapping[str, Any], processor: int) -> None:
    for known in pids.values():
        for pid in known if isinstance(known, list) else [known]:
            with suppress(FileNotFoundError, ProcessLookupError):
                pin(pid, [processor])
