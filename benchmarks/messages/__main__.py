"""Command line: `python -m benchmarks.messages`.

Starts the local platform with scripted engines (or measures one that runs), posts signed WhatsApp messages at a fixed
rate, waits until each is answered, and prints the webhook's latencies, the processor time of each program for each
message, and the same latencies of a server that only says yes. The simulated providers post three statuses for each
reply meanwhile, so the webhook answers four times the stated rate.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from sqlalchemy import create_engine, text

from benchmarks.messages.load import describe, message_posts, post_at_rate, summarise
from benchmarks.voice.processors import own_cpu_seconds, read_tree
from benchmarks.voice.program import running_program
from local.layout import REPOSITORY
from local.ports import HOST, free_port, is_listening
from local.stack_file import read_stack

SETTINGS = {
    "LANGUAGE_MODEL": "scripted",
    "EMBEDDINGS": "none",
    "SPEECH_TO_TEXT": "scripted",
    "TEXT_TO_SPEECH": "scripted",
    "REQUESTS_PER_MINUTE": "100000",
    "VAANI_STREAM_TASKS": "1",
}
START_SECONDS, FLOOR_SECONDS = 180, 20
MOST_PATIENCE_SECONDS = 600
_HOSTS = frozenset({"front_door", "queue_poller"})


def main(arguments: list[str]) -> int:
    """Measure once and print; 1 if a post was refused or a message remained without an answer."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.messages", description=__doc__)
    parser.add_argument("--rate", type=float, default=50, help="posts a second (%(default)s)")
    parser.add_argument("--seconds", type=float, default=30, help="how long (%(default)s)")
    parser.add_argument("--users", type=int, default=50, help="who take turns (%(default)s)")
    parser.add_argument("--stack", type=Path, help="stack.json of a running platform, instead of one of our own")
    options = parser.parse_args(arguments)
    return asyncio.run(_measure(options))


async def _measure(options: argparse.Namespace) -> int:
    if options.stack is not None:
        return await _measure_stack(options.stack, options)
    with TemporaryDirectory(prefix="vaani-messages-") as folder:
        directory = Path(folder)
        stack_file = directory / "stack.json"
        command = [sys.executable, "-m", "local", "up", "--port", str(free_port()), "--directory", str(directory)]
        async with running_program(
            command,
            log=directory / "up.log",
            environment={**os.environ, **SETTINGS, "PYTHONPATH": str(REPOSITORY)},
            is_ready=stack_file.exists,
            within_seconds=START_SECONDS,
        ):
            return await _measure_stack(stack_file, options)


async def _measure_stack(stack_file: Path, options: argparse.Namespace) -> int:
    stack = read_stack(stack_file)
    if stack is None:
        print(f"{stack_file} is missing: start the platform with `make run`", file=sys.stderr)
        return 2
    number = int(options.rate * options.seconds)
    requests = message_posts(
        number,
        users=options.users,
        phone_number_id=stack["whatsapp_phone_number_id"],
        app_secret=stack["whatsapp_app_secret"],
        base_url=stack["base_url"],
    )
    before = _processor_seconds(stack["pids"])
    answered_before = _replies(stack["database_url"])
    began = time.monotonic()
    ours = summarise(await post_at_rate(stack["base_url"], requests, per_second=options.rate))
    print(f"webhook at {options.rate:g} a second   {describe(ours)}")
    answered = await _wait_for_replies(stack["database_url"], answered_before + number) - answered_before
    took = time.monotonic() - began
    print(f"answered {answered} of {number} in {took:.1f} s ({answered / took:.1f} a second)")
    print("processor time of each message, ms:")
    after = _processor_seconds(stack["pids"])
    for name, seconds in sorted(after.items(), key=lambda pair: before.get(pair[0], 0) - pair[1]):
        print(f"  {name:18} {(seconds - before.get(name, 0)) / number * 1000:6.2f}")
    floor = await _floor(requests, options.rate)
    print(f"a server that only says yes   {floor}")
    return int(ours.statuses != {httpx.codes.OK: number} or answered < number)


async def _floor(requests: list[bytes], rate: float) -> str:
    port = free_port()
    with TemporaryDirectory(prefix="vaani-floor-") as folder:
        async with running_program(
            [sys.executable, "-m", "benchmarks.messages.floor", str(port)],
            log=Path(folder) / "floor.log",
            environment={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            is_ready=lambda: is_listening(port),
            within_seconds=FLOOR_SECONDS,
        ):
            return describe(summarise(await post_at_rate(f"http://{HOST}:{port}", requests, per_second=rate)))


async def _wait_for_replies(database_url: str, wanted: int) -> int:
    for _ in range(MOST_PATIENCE_SECONDS):
        if (found := _replies(database_url)) >= wanted:
            return found
        await asyncio.sleep(1)
    return _replies(database_url)


def _replies(database_url: str) -> int:
    """How many messages have their reply."""
    with create_engine(database_url.replace("postgresql://", "postgresql+pg8000://")).connect() as connection:
        found: int = connection.execute(text("SELECT count(*) FROM messages WHERE answers_id IS NOT NULL")).scalar_one()
    return found


def _processor_seconds(pids: Mapping[str, Any]) -> dict[str, float]:
    return {name: sum(_seconds_of(name, known)) for name, known in pids.items() if name != "supervisor"}


def _seconds_of(name: str, known: int | list[int]) -> Iterator[float]:
    for pid in known if isinstance(known, list) else [known]:
        with suppress(ProcessLookupError, FileNotFoundError):
            # The functions are children of these two, and are listed by themselves.
            yield own_cpu_seconds(pid) if name in _HOSTS else read_tree(pid).cpu_seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
