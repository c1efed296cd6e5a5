"""Command `seed`: put the demo agents, routing rules and knowledge back as they were."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from local.configuration import read_configuration
from local.layout import Layout, default_layout
from local.terminal import Progress

_EXAMPLES = """examples:
  python -m local seed               put everything back as it was, what was edited too
  python -m local seed --if-missing  only add what is not there

What you made yourself is left alone. Exit status: 0 done, 1 the platform does not run.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the running copy")
    parser.add_argument("--if-missing", action="store_true", help="leave alone what is there, edited or not")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace) -> int:
    """Seed the database of a running copy; returns the exit status."""
    file = Layout(directory=options.directory.absolute()).configuration_file
    if not file.exists():
        print("error: the platform does not run: start it with `make run`", file=sys.stderr)
        return 1
    # The engine that measures the passages must be the one that measures the questions.
    os.environ.update(read_configuration(file).variables)
    from local.seeding import seed
    from shared.errors import PlatformError

    progress = Progress()
    try:
        done = asyncio.run(seed(overwrite=not options.if_missing, report=progress.step))
    except PlatformError as error:
        progress.done()
        print(f"error: {error} Is the platform running? See `python -m local status`.", file=sys.stderr)
        return 1
    progress.done()
    print(done)
    return 0
