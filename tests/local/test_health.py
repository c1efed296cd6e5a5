"""How programs of a running copy are found out about."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from local import status
from local.health import Health, State, health_of
from local.layout import Ports
from local.ports import free_port
from local.terminal import Paint


@asynccontextmanager
async def answering(body: object) -> AsyncGenerator[int, None]:
    """A program that answers every request so."""
    text = json.dumps(body).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n"
        writer.write(head.encode() + text)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def ports(*, stream_service: int, postgres: int) -> Ports:
    other = free_port()
    return Ports(
        front_door=other,
        stream_service=(stream_service,),
        aws=other,
        simulators=other,
        postgres=postgres,
        identity=other,
        speech=other,
        valkey=(other,),
    )


@pytest.fixture
def ended_pid() -> int:
    """Of a process that is no more."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


async def test_programs_are_asked_and_not_only_looked_at(ended_pid: int) -> None:
    async with answering({"data": {"draining": True, "active_calls": 2, "capacity": 50}}) as port:
        stack = {
            "base_url": f"http://127.0.0.1:{port}",
            "pids": {
                "supervisor": os.getpid(),
                "stream_service": os.getpid(),
                "history_api": [os.getpid()],
                "postgres": os.getpid(),
                "queue_poller": [os.getpid(), ended_pid],
            },
        }
        found = {each.name: each for each in await health_of(stack, ports(stream_service=port, postgres=free_port()))}

    assert {name: each.state for name, each in found.items()} == {
        "supervisor": State.WELL,
        "stream_service": State.WELL,
        "history_api": State.WELL,
        "postgres": State.SILENT,
        "queue_poller": State.DOWN,
    }
    assert found["stream_service"].note == "2 of 50 calls, draining"


def test_a_line_of_the_status_has_no_colours_outside_a_terminal() -> None:
    line = status._line(Health(name="postgres", state=State.DOWN, pids=[7]), Paint())

    assert line.split() == ["postgres", "down", "pid", "7"]


def test_without_a_platform_the_status_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status.run(argparse.Namespace(directory=tmp_path, json=False)) == 1
    assert "make run" in capsys.readouterr().out
