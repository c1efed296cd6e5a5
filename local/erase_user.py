"""Command `erase-user`: erase a user from every store of a running copy."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from local.configuration import read_configuration
from local.layout import Layout, default_layout
from stream_service.jobs import erase

NOT_RUNNING = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    erase.add_arguments(parser)
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the running copy")


def run(options: argparse.Namespace) -> int:
    """Erase, with the program and the settings of the deployed job; returns the exit status."""
    file = Layout(directory=options.directory.absolute()).configuration_file
    if not file.exists():
        print("the platform does not run; `make run` starts it")
        return NOT_RUNNING
    os.environ.update(read_configuration(file).variables, LOG_LEVEL="WARNING")
    return erase.run(options)
