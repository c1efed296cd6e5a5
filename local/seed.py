"""Command `seed`: put the demo agents, routing rules and knowledge back as they were."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from local.configuration import read_configuration
from local.layout import Layout, default_layout


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the running copy")
    parser.add_argument("--if-missing", action="store_true", help="leave alone what is there, edited or not")


def run(options: argparse.Namespace) -> int:
    """Seed the database of a running copy; returns the exit status."""
    file = Layout(directory=options.directory.absolute()).configuration_file
    if not file.exists():
        print("the platform does not run; `make run` starts it")
        return 1
    # The engine that measures the passages must be the one that measures the questions.
    os.environ.update(read_configuration(file).variables)
    from local.seeding import seed

    print(asyncio.run(seed(overwrite=not options.if_missing)))
    return 0
