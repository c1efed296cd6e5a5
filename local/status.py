"""Command `status`: say what runs and where."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from local.configuration import read_configuration
from local.health import Health, State, health_of
from local.layout import Layout, default_layout
from local.processes import birth_of
from local.stack_file import read_stack
from local.terminal import Paint

NOT_WELL = 3
_ADDRESSES = {
    "base_url": "platform",
    "console_url": "console",
    "simulator_url": "simulators",
    "redis_url": "cache",
    "aws_endpoint_url": "AWS emulator",
    "logs": "logs",
}
_EXAMPLES = """examples:
  python -m local status                              addresses, and the health of each program
  python -m local status --json | jq -r .admin_token  a token to try the API with

Exit status: 0 all is well, 1 the platform does not run, 3 a program is not well.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the copy asked about")
    parser.add_argument("--json", action="store_true", help="print stack.json, with its secrets")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace) -> int:
    """Print the state; 0 when all is well, 1 when the platform does not run, 3 when a program is not well."""
    layout = Layout(directory=options.directory.absolute())
    stack = read_stack(layout.stack_file)
    if stack is None or not is_ready(layout):
        print("the platform does not run: start it with `make run`, or `python -m local up`")
        return 1
    if options.json:
        print(json.dumps(stack, indent=2))
        return 0
    paint = Paint()
    for name, label in _ADDRESSES.items():
        print(f"{label:18} {paint.name(stack[name])}")
    print()
    programs = asyncio.run(health_of(stack, read_configuration(layout.configuration_file).ports))
    for program in programs:
        print(_line(program, paint))
    ill = [program.name for program in programs if program.state is not State.WELL]
    if ill:
        print(f"\n{paint.bad('not well')}: {', '.join(ill)}; see the logs with `python -m local tail {' '.join(ill)}`")
    return NOT_WELL if ill else 0


def _line(program: Health, paint: Paint) -> str:
    colour = paint.good if program.state is State.WELL else paint.bad
    pids = " ".join(map(str, program.pids))
    note = f"  {program.note}" if program.note else ""
    return f"{program.name:18} {colour(f'{program.state.value:9}')} {paint.aside(f'pid {pids}')}{note}"


def is_ready(layout: Layout) -> bool:
    """Whether a copy runs there and is ready; a stack file alone may be that of a killed one."""
    stack = read_stack(layout.stack_file)
    return stack is not None and birth_of(stack["pids"]["supervisor"]) is not None
