"""Command `tail`: follow the logs of all programs."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from local.layout import Layout, default_layout

POLL_SECONDS = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("programs", nargs="*", help="names of log files without .log; all when none is given")
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the copy")


def run(options: argparse.Namespace) -> int:
    """Print new lines until Ctrl-C; returns the exit status."""
    logs = Layout(directory=options.directory.absolute()).logs
    try:
        for line in follow(logs, options.programs):
            print(line, flush=True)
    except KeyboardInterrupt:
        return 0
    return 0


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
