"""Command `down`: end a running platform and whatever a crash left behind."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import time
from pathlib import Path

from local.layout import Layout, default_layout
from local.processes import birth_of, end_processes, living_processes
from local.reachable_folder import remove_stand_in

ORDERLY_STOP_SECONDS = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the copy to end")
    parser.add_argument(
        "--remove-data", action="store_true", help="remove databases, objects, logs and converted models too"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "Exit status: 0 nothing runs any more, 1 something could not be ended."


def run(options: argparse.Namespace) -> int:
    """End the platform; returns the exit status."""
    layout = Layout(directory=options.directory.absolute())
    processes = living_processes(layout.process_file)
    if not processes:
        print("nothing runs")
    supervisor = _supervisor(layout)
    if supervisor in processes:
        os.kill(supervisor, signal.SIGTERM)
        # It forgets its list of processes before it ends, so it is watched by itself.
        born = birth_of(supervisor)
        deadline = time.monotonic() + ORDERLY_STOP_SECONDS
        while birth_of(supervisor) == born and time.monotonic() < deadline:
            time.sleep(0.05)
    end_processes(layout.process_file)
    layout.stack_file.unlink(missing_ok=True)
    remaining = living_processes(layout.process_file)
    if remaining:
        print(f"still running: {remaining}")
        return 1
    if processes:
        print("stopped")
    if options.remove_data:
        remove_stand_in(layout.directory / "postgres")
        shutil.rmtree(layout.directory, ignore_errors=True)
        print(f"removed {layout.directory}")
    return 0


def _supervisor(layout: Layout) -> int:
    """The first process of the list started all the others."""
    try:
        return int(next(iter(json.loads(layout.process_file.read_text()))))
    except (OSError, ValueError, StopIteration):
        return 0
