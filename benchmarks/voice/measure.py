"""Measures our stream service, and a Pipecat server under the same load, and prints what a call costs and how it feels.

Everything that is needed is started and ended again. Each server has one processor to itself; the callers, the
databases and the functions share the other. `python -m benchmarks.voice capacity` turns a figure into tasks and money.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.voice import own_platform, peer
from benchmarks.voice.caller_audio import CallerAudio, prepare_audio
from benchmarks.voice.figures import LevelFigures
from benchmarks.voice.level import Server, run_level
from benchmarks.voice.model_floor import model_floor
from benchmarks.voice.processors import read_tree
from benchmarks.voice.program import NotStarted
from benchmarks.voice.report import floor_line, machine, ratio_lines, server_table
from benchmarks.voice.search import judge, levels_to_try
from local.layout import default_layout
from shared.errors import SpeechUnavailable

WARM_UP_SECONDS = 5
_FIRST_TRIED = 5
_MOST_CALLS = 400


def main(arguments: list[str]) -> int:
    """Run the benchmark; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        uvloop.run(_measure(options))
    except (own_platform.PlatformMissing, peer.PeerMissing, NotStarted, SpeechUnavailable) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.voice", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=_levels, default="1,10,50", help="levels to measure (default: 1,10,50)")
    parser.add_argument("--seconds", type=int, default=25, help="length of each level's steady window (default: 25)")
    parser.add_argument("--stack", type=Path, help="measure the platform of this stack.json instead of starting one")
    parser.add_argument("--voice-activity", choices=["silero", "energy"], default="silero", help="of our service")
    parser.add_argument(
        "--peer",
        choices=["silero", "energy"],
        action="append",
        default=[],
        help="measure Pipecat too, with Silero, or as lean as it gets with loudness; may be given twice",
    )
    parser.add_argument("--peer-calls", type=_levels, default="1,5,10", help="levels of the peer (default: 1,5,10)")
    parser.add_argument("--no-own", action="store_true", help="measure the peer only")
    parser.add_argument("--search", action="store_true", help="find the most calls each server can hold")
    parser.add_argument("--json", type=Path, help="write all figures to this file too")
    parser.add_argument(
        "--cache",
        type=Path,
        default=default_layout().directory / "benchmarks",
        help="keeps data and the peer's packages",
    )
    return parser


def _levels(text: str) -> list[int]:
    try:
        levels = [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 1,10,50") from None
    if not levels or min(levels) < 1 or max(levels) > _MOST_CALLS:
        raise argparse.ArgumentTypeError(f"levels lie between 1 and {_MOST_CALLS}")
    return levels


async def _measure(options: argparse.Namespace) -> None:
    measuring = asyncio.current_task()
    assert measuring is not None
    # Cancelled, so that what was started is ended in order.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, measuring.cancel)
    server_processor, own_processor = _share_processors()
    audio = await prepare_audio()
    surroundings = machine()
    print("; ".join(f"{name}: {value}" for name, value in surroundings.items()))
    floor = await asyncio.to_thread(model_floor, audio)
    print(floor_line(floor), flush=True)
    servers: dict[str, list[LevelFigures]] = {}
    most: dict[str, int] = {}
    async for server, levels in _servers(options, server_processor, own_processor):
        print(f"\n### {server.name}\n", flush=True)
        servers[server.name] = figures = await _run_levels(server, audio, levels, options.seconds)
        if options.search:
            alone = next((level for level in figures if level.calls == 1), None)
            if alone is None:
                alone = await run_level(server, audio, calls=1, seconds=options.seconds)
            most[server.name] = await _search(server, audio, alone, options.seconds)
    print("\n".join(["", *ratio_lines(servers, own=own_platform.NAME)]))
    if options.json is not None:
        found = {name: [asdict(level) for level in levels] for name, levels in servers.items()}
        _write(options.json, {"machine": surroundings, "floor": asdict(floor), "servers": found, "most_calls": most})


async def _servers(
    options: argparse.Namespace, processor: int | None, others: int | None
) -> AsyncIterator[tuple[Server, list[int]]]:
    """One running server after the other, with the levels to measure."""
    if not options.no_own:
        async with _own(options, processor, others) as server:
            yield server, options.calls
    for kind in options.peer:
        async with peer.pipecat(options.cache, voice_activity=kind, processor=processor) as server:
            yield server, options.peer_calls


@asynccontextmanager
async def _own(options: argparse.Namespace, processor: int | None, others: int | None) -> AsyncIterator[Server]:
    if options.stack is not None:
        running: AbstractAsyncContextManager[Server] = own_platform.attached_platform(
            options.stack, processor=processor, others=others
        )
    else:
        most_calls = _MOST_CALLS if options.search else max(options.calls)
        settings = own_platform.platform_settings(voice_activity=options.voice_activity, most_calls=most_calls)
        print(f"starting the platform: {' '.join(f'{name}={value}' for name, value in settings.items())}", flush=True)
        running = own_platform.started_platform(
            options.cache / "platform", settings, processor=processor, others=others
        )
    async with running as server:
        yield server


async def _run_levels(server: Server, audio: CallerAudio, levels: list[int], seconds: int) -> list[LevelFigures]:
    await run_level(server, audio, calls=1, seconds=WARM_UP_SECONDS)
    idle = read_tree(server.pid)
    figures: list[LevelFigures] = []
    for calls in levels:
        figures.append(await run_level(server, audio, calls=calls, seconds=seconds, idle=idle))
        lines = list(server_table(figures))
        print("\n".join(lines if len(figures) == 1 else lines[-1:]), flush=True)
    return figures


async def _search(server: Server, audio: CallerAudio, alone: LevelFigures, seconds: int) -> int:
    tries = levels_to_try(_FIRST_TRIED, most=_MOST_CALLS)
    try:
        calls = next(tries)
        while True:
            level = await run_level(server, audio, calls=calls, seconds=seconds)
            verdict = judge(level, alone=alone)
            print(f"{calls} calls: {'held' if verdict.holds else verdict.reason}", flush=True)
            calls = tries.send(verdict.holds)
    except StopIteration as end:
        held = int(end.value)
        print(f"{server.name} holds {held} calls on one processor")
        return held


def _share_processors() -> tuple[int | None, int | None]:
    """One processor for the server, another for everything else; None for both when there are not two."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:  # noqa: PLR2004
        print("There is one processor only: server and callers share it, and the figures say little.")
        return None, None
    server, own = available[0], available[-1]
    os.sched_setaffinity(0, {own})
    return server, own


def _write(file: Path, found: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=2) + "\n")
