"""Command line: `python -m benchmarks.updates`.

Opens updates sockets, lets them idle, then tells events at a steady rate, and prints what that costs the server and
how old an event is when a reader has it; beside a peer that subscribes for every socket.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import uvloop

from benchmarks.updates.readers import Reader, open_readers
from local.databases import start_valkey_cluster
from local.ports import free_port
from shared import observability
from shared.adapters.redis.client import connect_cluster
from shared.adapters.redis.update_tickets import RedisUpdateTickets
from shared.adapters.redis.updates import RedisEventPublisher
from shared.domain.access import Caller
from shared.domain.conversation import ConversationKey
from shared.domain.event import EventType, PlatformEvent

_LISTENING = 20
_TICKS_PER_SECOND = 100
_HEAD = "| server | sockets | MiB | idle CPU | busy CPU | loop late p99 / max ms | events' age p50 / p99 ms | arrived |"
_WORDS = "I can offer you Saturday at ten or at half past eleven; which one suits you better?"


def main(arguments: list[str]) -> int:
    """Measure both servers, one after the other, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.updates", description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000, help="of each server (%(default)s)")
    parser.add_argument("--idle-seconds", type=float, default=30, help="(%(default)s; pings come every 25)")
    parser.add_argument("--busy-seconds", type=float, default=20, help="(%(default)s)")
    parser.add_argument("--events-per-second", type=float, default=50, help="(%(default)s)")
    parser.add_argument("--only", choices=("ours", "peer"), help="measure one server")
    chosen = parser.parse_args(arguments)
    observability.configure(level="WARNING")
    with tempfile.TemporaryDirectory() as folder:
        cluster = start_valkey_cluster(Path(folder))
        try:
            print(_HEAD)
            print("|---|---:|---:|---:|---:|---:|---:|---:|", flush=True)
            # Metrics are printed too, where nobody looks at them.
            with contextlib.redirect_stdout(io.StringIO()):
                for which in ("ours", "peer") if chosen.only is None else (chosen.only,):
                    uvloop.run(_measure(which, cluster.url, chosen))
        finally:
            cluster.stop()
    return 0


async def _measure(which: str, redis_url: str, chosen: argparse.Namespace) -> None:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.updates.server", which, str(port), redis_url]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: ASYNC220, S603 - begins at once; our own program
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=120) as client:
            await _until_up(client)
            cache = connect_cluster(redis_url)
            tickets = [
                await RedisUpdateTickets(cache).mint(Caller(subject=f"user-{number}"), ttl_seconds=300)
                for number in range(chosen.sockets)
            ]
            before_bytes = _memory_bytes(server.pid)
            readers = await open_readers(port, tickets, listening=_LISTENING)
            await asyncio.sleep(2)
            await client.get("/lag")
            idle_share = await _cpu_share(server.pid, chosen.idle_seconds)
            memory_bytes = _memory_bytes(server.pid) - before_bytes
            await client.get("/lag")
            telling = asyncio.create_task(_tell(RedisEventPublisher(cache), chosen))
            busy_share = await _cpu_share(server.pid, chosen.busy_seconds)
            late_ms = (await client.get("/lag")).json()
            told = await telling
            await asyncio.sleep(2)
            _print_row(which, readers, memory_bytes, (idle_share, busy_share), late_ms, told)
            for reader in readers:
                reader.transport.abort()
            await cache.aclose()
    finally:
        server.kill()
        server.wait()


async def _until_up(client: httpx.AsyncClient) -> None:
    while True:
        try:
            await client.get("/lag")
        except httpx.TransportError:
            await asyncio.sleep(0.1)
        else:
            await asyncio.sleep(1)
            return


async def _tell(publisher: RedisEventPublisher, chosen: argparse.Namespace) -> int:
    """Tell events at the wanted rate; how many."""
    began, told = time.monotonic(), 0
    while (elapsed := time.monotonic() - began) < chosen.busy_seconds:
        while told < elapsed * chosen.events_per_second:
            told += 1
            await publisher.publish(_event(told))
        await asyncio.sleep(1 / _TICKS_PER_SECOND)
    return told


def _event(number: int) -> PlatformEvent:
    return PlatformEvent(
        type=EventType.CALL_TURN,
        at=datetime.now(UTC),
        conversation_id=f"0198c3a2-5b1e-7c44-9f0a-{number:012}",
        key=ConversationKey(channel="voice", user_id="+919800000001"),
        data={"told_at": time.time(), "call_sid": f"CA{number:032}", "speaker": "agent", "text": _WORDS},
    )


async def _cpu_share(pid: int, seconds: float) -> float:
    """Of one core."""
    before, began = _cpu_seconds(pid), time.monotonic()
    await asyncio.sleep(seconds)
    return (_cpu_seconds(pid) - before) / (time.monotonic() - began)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _memory_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def _print_row(
    which: str,
    readers: list[Reader],
    memory_bytes: int,
    shares: tuple[float, float],
    late_ms: list[float],
    told: int,
) -> None:
    ages = sorted(age for reader in readers for age in reader.ages_ms)
    age = f"{_percentile(ages, 50):.1f} / {_percentile(ages, 99):.1f}" if ages else "none arrived"
    print(
        f"| {which} | {len(readers)} | {memory_bytes / 2**20:.1f} | {shares[0]:.1%} | {shares[1]:.1%} "
        f"| {_percentile(late_ms, 99):.1f} / {late_ms[-1]:.1f} | {age} | {len(ages) / told / _LISTENING:.0%} |",
        file=sys.__stdout__,
        flush=True,
    )


def _percentile(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
