"""Command `up`: start everything and keep it running until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

from local.configuration import Configuration
from local.layout import PortTakenError, default_layout, default_port_base
from local.service import ServiceFailedError
from local.supervisor import AlreadyRunningError, Supervisor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--port",
        type=int,
        default=default_port_base(),
        help="of the front door; the other programs take the ports behind it (default: VAANI_PORT_BASE or 8080)",
    )
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="where data and logs are kept")


def run(options: argparse.Namespace) -> int:
    """Run until told to stop; returns the exit status."""
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {line}", flush=True)  # noqa: T201

    def on_ready(configuration: Configuration) -> None:
        say("ready")
        print(_summary(configuration), flush=True)  # noqa: T201

    layout = replace(default_layout(), directory=options.directory.absolute())
    supervisor = Supervisor(layout, port_base=options.port, say=say)
    try:
        asyncio.run(supervisor.run(on_ready))
    except (AlreadyRunningError, PortTakenError, ServiceFailedError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    say("stopped")
    return 0


def _summary(configuration: Configuration) -> str:
    layout = configuration.layout
    return f"""
  Vaani runs at {configuration.base_url}
    API documentation   {configuration.base_url}/api/v1/docs
    simulated providers {configuration.simulator_url}/sent
    addresses, tokens   {layout.stack_file}
    logs                {layout.logs}

  In another terminal: `make demo` plays a call and a conversation,
  `.venv/bin/python -m local call` lets you phone the agents, `... chat` lets you write to them.
  Ctrl-C (or `make stop`) ends everything; the data stays.
"""
