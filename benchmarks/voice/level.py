"""Holds a number of calls at the same time and measures the middle of it."""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from benchmarks.voice.caller import Caller, Punctuality
from benchmarks.voice.caller_audio import CallerAudio
from benchmarks.voice.conversation import CYCLE_MS, GREETING_MS, Conversation, Exchange, spread
from benchmarks.voice.door import CallNotConnected, Door
from benchmarks.voice.figures import LevelFigures, ServerCost, summarise
from benchmarks.voice.media_socket import SocketRefused
from benchmarks.voice.playback import NS_PER_MS
from benchmarks.voice.processors import Reading, busy_seconds, read_tree

ARRIVALS_PER_SECOND = 20
ANSWER_WITHIN_SECONDS = 4
_CLOSE_SECONDS = 1.5

_numbers = itertools.count(int(time.time()) % 10_000 * 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What is measured: its process, and the processor it was bound to (None: it may run on any)."""

    name: str
    door: Door
    pid: int
    processor: int | None


async def run_level(
    server: Server, audio: CallerAudio, *, calls: int, seconds: int, idle: Reading | None = None
) -> LevelFigures:
    """Let the calls arrive, wait until all converse, measure for `seconds`, hang up.

    `idle` is the server without calls, already warm; without it memory per call is not known.
    """
    punctuality = Punctuality()
    with _no_collections():
        callers, failed = await _arrive(server.door, audio, calls, punctuality)
        await asyncio.sleep((GREETING_MS + CYCLE_MS) / 1000)
        punctuality.late_ms.clear()
        window = _Window(server)
        await asyncio.sleep(seconds)
        cost = window.close(idle, calls=sum(caller.problem is None for caller in callers))
        late_ms = punctuality.late_ms.copy()
        await asyncio.sleep(ANSWER_WITHIN_SECONDS)
    failed += [caller.problem for caller in callers if caller.problem is not None]
    await _leave(server.door, callers)
    return summarise(
        [each for caller in callers for each in caller.conversation.exchanges if window.holds(each)],
        calls=calls,
        failed=failed,
        accepts_ms=[caller.accept_ms for caller in callers],
        late_ms=late_ms,
        cost=cost,
    )


class _Window:
    """The steady middle of a level."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._before = read_tree(server.pid)
        self._busy_before = _busy(server)
        self._opened_ns = time.monotonic_ns()
        self._closed_ns = 0

    def close(self, idle: Reading | None, *, calls: int) -> ServerCost:
        after = read_tree(self._server.pid)
        self._closed_ns = time.monotonic_ns()
        elapsed = after.at - self._before.at
        spent = after.cpu_seconds - self._before.cpu_seconds
        foreign = max(0.0, _busy(self._server) - self._busy_before - spent)
        return ServerCost(
            cpu_seconds_per_call_minute=spent / max(1, calls) / (elapsed / 60),
            uss_mib=after.uss_mib,
            mib_per_call=None if idle is None else (after.uss_mib - idle.uss_mib) / max(1, calls),
            threads=after.threads,
            foreign_share=foreign / elapsed,
        )

    def holds(self, exchange: Exchange) -> bool:
        return (
            exchange.ends_ns is not None
            and self._opened_ns <= exchange.starts_ns
            and exchange.ends_ns < (self._closed_ns - 500 * NS_PER_MS)
        )


def _busy(server: Server) -> float:
    return 0.0 if server.processor is None else busy_seconds(server.processor)


async def _arrive(
    door: Door, audio: CallerAudio, calls: int, punctuality: Punctuality
) -> tuple[list[Caller], list[str]]:
    callers: list[Caller] = []
    failed: list[str] = []

    async def come(index: int) -> None:
        await asyncio.sleep(index / ARRIVALS_PER_SECOND)
        conversation = Conversation(audio, first_cycle_ms=spread(index, calls))
        try:
            call = await door.ring(f"+9170{next(_numbers):08d}")
            caller = Caller(call, conversation, punctuality)
            await caller.connect()
        except (CallNotConnected, SocketRefused) as error:
            failed.append(f"{type(error).__name__}: {error}")
        else:
            callers.append(caller)

    await asyncio.gather(*(come(index) for index in range(calls)))
    return callers, failed


async def _leave(door: Door, callers: list[Caller]) -> None:
    for caller in callers:
        caller.hang_up()
    await asyncio.sleep(_CLOSE_SECONDS)
    for caller in callers:
        caller.drop()
    ends = (door.report_end(caller.call) for caller in callers)
    for outcome in await asyncio.gather(*ends, return_exceptions=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, httpx.HTTPError):
            raise outcome


@contextmanager
def _no_collections() -> Iterator[None]:
    """A garbage collection of the generator would be measured as the server's delay."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
