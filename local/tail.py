"""Command `tail`: follow the logs of all programs, or what happens in conversations and calls."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from local.layout import Layout, default_layout
from local.running_stack import NotRunning
from local.stack_file import read_stack
from local.terminal import Paint
from local.update_lines import line_of
from local.updates_reader import UpdatesReader

POLL_SECONDS = 0.2
_EXAMPLES = """examples:
  python -m local tail                          logs of all programs
  python -m local tail message_worker front_door
  python -m local tail --updates                messages and calls, live
  python -m local tail --updates --json | jq .  the same for programs
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("programs", nargs="*", help="names of log files without .log; all when none is given")
    parser.add_argument("--updates", action="store_true", help="follow the updates socket instead of the logs")
    parser.add_argument("--since", metavar="ID", help="with --updates: first what was told after this event")
    parser.add_argument("--json", action="store_true", help="with --updates: each event as it came")
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the copy")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace) -> int:
    """Print what is new until Ctrl-C; returns 0, 1 when there is nothing to follow, 2 when names are wrong."""
    layout = Layout(directory=options.directory.absolute())
    try:
        if options.updates:
            asyncio.run(_follow_updates(layout, options))
        else:
            missing = sorted(set(options.programs) - {log.stem for log in layout.logs.glob("*.log")})
            if missing or not layout.logs.exists():
                print(_no_such_log(layout, missing), file=sys.stderr)
                return 2 if missing and layout.logs.exists() else 1
            for line in follow(layout.logs, options.programs):
                print(line, flush=True)
    except NotRunning as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        return 0
    return 0


async def _follow_updates(layout: Layout, options: argparse.Namespace) -> None:
    stack = read_stack(layout.stack_file)
    if stack is None:
        raise NotRunning(f"the platform does not run ({layout.stack_file} is missing): start it with `make run`")
    paint, errors = Paint(), Paint(sys.stderr)

    def say(line: str) -> None:
        print(errors.aside(line), file=sys.stderr, flush=True)

    async for event in UpdatesReader(stack, since=options.since, say=say).events():
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print(json.dumps(event) if options.json else line_of(event, paint, width=width), flush=True)


def follow(logs: Path, programs: list[str]) -> Iterator[str]:
    """New lines of the logs as they appear, each with its program's name in front; never ends."""
    positions = {log: log.stat().st_size for log in logs.glob("*.log")}
    while True:
        for log in sorted(logs.glob("*.log")):
            if programs and log.stem not in programs:
                continue
            start = positions.get(log, 0)
            if log.stat().st_size < start:  # Cut down to size meanwhile.
                start = 0
            with log.open("rb") as file:
                file.seek(start)
                new = file.read()
            complete = new[: new.rfind(b"\n") + 1]
            positions[log] = start + len(complete)
            yield from (f"{log.stem:16} {line.decode(errors='replace')}" for line in complete.splitlines())
        time.sleep(POLL_SECONDS)


def _no_such_log(layout: Layout, missing: list[str]) -> str:
    known = ", ".join(sorted(log.stem for log in layout.logs.glob("*.log")))
    if not known:
        return f"error: there are no logs in {layout.logs}: start the platform with `make run`"
    return f"error: no log is called {', '.join(missing)}; there are: {known}"
