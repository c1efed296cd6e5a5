"""Command `status`: say what runs and where."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from local.layout import Layout, default_layout
from local.processes import birth_of
from local.stack_file import read_stack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the copy asked about")
    parser.add_argument("--json", action="store_true", help="print stack.json, with its secrets")


def run(options: argparse.Namespace) -> int:
    """Print the state; the exit status is 0 when the platform is ready."""
    layout = Layout(directory=options.directory.absolute())
    stack = read_stack(layout.stack_file)
    if stack is None or not is_ready(layout):
        print("the platform does not run")
        return 1
    if options.json:
        print(json.dumps(stack, indent=2))
        return 0
    for name in ("base_url", "media_url", "simulator_url", "redis_url", "aws_endpoint_url", "logs"):
        print(f"{name:18} {stack[name]}")
    for name, pids in stack["pids"].items():
        each = pids if isinstance(pids, list) else [pids]
        state = "running" if all(birth_of(pid) for pid in each) else "DOWN"
        print(f"{name:18} {state} {' '.join(map(str, each))}")
    return 0


def is_ready(layout: Layout) -> bool:
    """Whether a copy runs there and is ready; a stack file alone may be that of a killed one."""
    stack = read_stack(layout.stack_file)
    return stack is not None and birth_of(stack["pids"]["supervisor"]) is not None
