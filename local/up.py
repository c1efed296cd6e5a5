"""Command `up`: start everything and keep it running until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from local.configuration import Configuration
from local.layout import (
    Layout,
    PortTakenError,
    default_layout,
    default_port_base,
    default_stream_tasks,
    read_stream_tasks,
)
from local.service import ServiceFailedError
from local.stack_file import read_stack
from local.status import is_ready
from local.supervisor import AlreadyRunningError, Supervisor

_EXAMPLES = """examples:
  python -m local up                 then open the console's address, which it prints
  python -m local up --port 9080 --directory /tmp/second   another copy beside the first
  python -m local up --demo --once   play the demonstration and end

Exit status: 0 ended as told, 1 it could not start (the message says why), 2 wrong use.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--port",
        type=int,
        default=default_port_base(),
        help="of the front door; the other programs take the ports behind it (default: VAANI_PORT_BASE or 8080)",
    )
    parser.add_argument(
        "--stream-tasks",
        default=default_stream_tasks(),
        help="how many processes serve calls (default: VAANI_STREAM_TASKS or 2)",
    )
    parser.add_argument(
        "--directory", type=Path, default=default_layout().directory, help="where data and logs are kept"
    )
    parser.add_argument(
        "--fault-control",
        type=int,
        metavar="PORT",
        help="for drills: let programs reach what they depend on through a fault proxy, told on this port",
    )
    parser.add_argument("--demo", action="store_true", help="play the demonstration when everything is ready")
    parser.add_argument("--once", action="store_true", help="end when the demonstration has ended; use a running copy")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace) -> int:
    """Run until told to stop; returns the exit status."""
    layout = replace(default_layout(), directory=options.directory.absolute())
    try:
        stream_tasks = read_stream_tasks(options.stream_tasks)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.once and is_ready(layout):
        return subprocess.run(_demo_command(), env=_demo_environment(layout), check=False).returncode
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {line}", flush=True)

    supervisor = Supervisor(
        layout, port_base=options.port, stream_tasks=stream_tasks, say=say, fault_control=options.fault_control
    )
    demo: list[asyncio.Task[int]] = []

    def on_ready(configuration: Configuration) -> None:
        say("ready")
        if not options.once:
            print(_summary(configuration), flush=True)
        if options.demo:
            demo.append(asyncio.create_task(_play_demo(layout, supervisor, end=options.once)))

    try:
        asyncio.run(supervisor.run(on_ready))
    except (AlreadyRunningError, PortTakenError, ServiceFailedError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    say("stopped")
    return demo[0].result() if options.once and demo and not demo[0].cancelled() else 0


async def _play_demo(layout: Layout, supervisor: Supervisor, *, end: bool) -> int:
    process = await asyncio.create_subprocess_exec(*_demo_command(), env=_demo_environment(layout))
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        if end:
            supervisor.stop()


def _demo_command() -> list[str]:
    return [sys.executable, "-m", "local", "demo"]


def _demo_environment(layout: Layout) -> dict[str, str]:
    return {**os.environ, "VAANI_LOCAL_DIRECTORY": str(layout.directory)}


def _summary(configuration: Configuration) -> str:
    layout = configuration.layout
    stack = read_stack(layout.stack_file)
    assert stack is not None
    users = stack["users"]
    return f"""
  Vaani runs at {configuration.base_url}
    console             {configuration.console_url}
      sign in as        admin / {users["admin"]["password"]}
      or as             operator / {users["operator"]["password"]}
    API documentation   {configuration.base_url}/api/v1/docs
    simulated providers {configuration.simulator_url}/sent
    addresses, tokens   {layout.stack_file}
    logs                {layout.logs}

  In another terminal: `make demo` plays a call and a conversation,
  `.venv/bin/python -m local call` lets you phone the agents, `... chat` lets you write to them.
  Ctrl-C (or `make stop`) ends everything; the data stays.
"""
