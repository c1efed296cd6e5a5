"""Keeps so many calls in progress: each lasts as long as chance has it, and the next one rings when it is over."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress

import httpx

from benchmarks.soak.observations import Kind, Observations
from benchmarks.soak.plan import SoakPlan
from benchmarks.voice.caller import Caller, Punctuality
from benchmarks.voice.caller_audio import CallerAudio
from benchmarks.voice.conversation import GREETING_MS, Conversation, Exchange, Step
from benchmarks.voice.door import CallNotConnected, Door
from benchmarks.voice.media_socket import SocketRefused
from stream_service.media.audio import FRAME_MS

ARRIVALS_PER_SECOND = 5
SETTLED_AFTER_SECONDS = 10
"""An exchange of which nothing more will be heard; later than the caller begins the one after the next."""

ANSWER_WITHIN_SECONDS = 5
"""Of the end of a call: what was asked so late may stay without an answer."""

_CLOSE_SECONDS = 1.5
_PAUSE_SECONDS = 1.0
_NUMBERS_PER_CALL = 4
"""Everybody calls again and again: what is kept for each caller must not grow."""

_LONGEST_START_MS = 3_000


class PhoneLoad:
    """All the telephone lines."""

    def __init__(self, door: Door, audio: CallerAudio, plan: SoakPlan, observations: Observations) -> None:
        self._door = door
        self._audio = audio
        self._plan = plan
        self._observations = observations
        self._randomness = random.Random(plan.seed)  # noqa: S311 - it guards nothing.
        self._stopped = asyncio.Event()
        self._callers: set[Caller] = set()
        self.punctuality = Punctuality()

    @property
    def in_progress(self) -> int:
        """Calls whose socket was opened and that have not hung up."""
        return len(self._callers)

    async def run(self) -> None:
        """Call until stopped; returns when the last caller has hung up."""
        async with asyncio.TaskGroup() as lines:
            for line in range(self._plan.calls):
                lines.create_task(self._keep_busy(line))

    def stop(self) -> None:
        """Let everybody hang up, and nobody call again."""
        self._stopped.set()

    def harvest(self) -> None:
        """Note what came of the exchanges that are over."""
        until_ns = time.monotonic_ns() - SETTLED_AFTER_SECONDS * 1_000_000_000
        for caller in self._callers:
            exchanges = caller.conversation.exchanges
            # The caller still looks back at the last two.
            while len(exchanges) > 2 and exchanges[0].starts_ns < until_ns:  # noqa: PLR2004
                self._note(exchanges.pop(0))

    async def _keep_busy(self, line: int) -> None:
        await self._pause(line / ARRIVALS_PER_SECOND)
        number = 0
        while not self._stopped.is_set():
            number += 1
            caller_id = f"+9170{line * _NUMBERS_PER_CALL + number % _NUMBERS_PER_CALL:08d}"
            try:
                await self._call(caller_id)
            except (CallNotConnected, SocketRefused) as error:
                self._observations.fail("calls failed", f"{type(error).__name__}: {error}")
                await self._pause(_PAUSE_SECONDS)

    async def _call(self, caller_id: str) -> None:
        starts_ms = GREETING_MS + self._randomness.randrange(0, _LONGEST_START_MS, FRAME_MS)
        call = await self._door.ring(caller_id)
        caller = Caller(call, Conversation(self._audio, first_cycle_ms=starts_ms), self.punctuality)
        await caller.connect()
        self._observations.count("calls")
        self._observations.took(Kind.ACCEPT, caller.accept_ms)
        self._callers.add(caller)
        try:
            await self._pause(self._randomness.uniform(*self._plan.call_seconds))
        finally:
            self._callers.discard(caller)
            caller.hang_up()
        await self._finish(caller)

    async def _finish(self, caller: Caller) -> None:
        """Look at the end of a call, close its socket and tell the platform."""
        hung_up_ns = time.monotonic_ns()
        for exchange in caller.conversation.exchanges:
            if exchange.ends_ns is not None and exchange.ends_ns < hung_up_ns - ANSWER_WITHIN_SECONDS * 1_000_000_000:
                self._note(exchange)
        if caller.problem is not None or caller.protocol_errors:
            reason = caller.problem or f"{caller.protocol_errors} messages that Twilio does not know"
            self._observations.fail("calls failed", reason)
        await asyncio.sleep(_CLOSE_SECONDS)
        caller.drop()
        try:
            await self._door.report_end(caller.call)
        except httpx.HTTPError as error:
            self._observations.fail("call ends not taken", f"{type(error).__name__}: {error}")

    def _note(self, exchange: Exchange) -> None:
        at_seconds = self._observations.seconds_at(exchange.starts_ns)
        self._observations.count("utterances")
        if exchange.is_talked_over:
            self._observations.count("talked over")
        if exchange.response_ms is None:
            self._observations.fail("utterances without an answer", f"at {at_seconds:.0f} s")
        else:
            self._observations.took(Kind.RESPONSE, exchange.response_ms, at_seconds=at_seconds)
            self._observations.count("choppy answers", int(exchange.heard.is_choppy))
        if exchange.barge_in_ms is not None and exchange.interrupts:
            self._observations.took(Kind.BARGE_IN, exchange.barge_in_ms, at_seconds=at_seconds)
        elif exchange.step is Step.INTERRUPT:
            self._observations.count("answers not interrupted")

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
