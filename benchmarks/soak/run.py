"""One run: load on, look every few seconds, a row every minute, load off, count."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.soak.log_watch import LogWatch
from benchmarks.soak.message_load import MessageLoad
from benchmarks.soak.observations import Kind, Observations
from benchmarks.soak.phone_load import PhoneLoad
from benchmarks.soak.plan import SoakPlan
from benchmarks.soak.programs import LOAD, leading_pids, read_programs
from benchmarks.soak.replies import ReplyWatch
from benchmarks.soak.report import MINUTE_HEAD, SECONDS_PER_MINUTE, minute_row
from benchmarks.soak.stores import Stores, StoreSilent, Tally
from benchmarks.soak.upkeep import Upkeep
from benchmarks.soak.verdict import Sample, Window
from benchmarks.voice.caller_audio import CallerAudio
from benchmarks.voice.door import Door
from benchmarks.voice.figures import percentile_of_counts
from local.stack_file import read_stack

PROBE_SECONDS = 1.0
REQUEST_SECONDS = 30
SETTLE_SECONDS = 20
"""After its end a minute's row waits for the exchanges that began in it."""

DRAIN_SECONDS = 120
"""For what was accepted to be answered after the load has ended."""

Say = Callable[[str], None]


@dataclass(slots=True)
class Findings:
    """What a run has collected so far."""

    observations: Observations = field(default_factory=Observations)
    samples: list[Sample] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    late_ms: list[int] = field(default_factory=list)
    keys: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    tally: Tally | None = None
    load_seconds: float = 0.0


class Soak:
    """A run on a platform that has nothing else to do."""

    def __init__(self, stack_file: Path, door: Door, audio: CallerAudio, plan: SoakPlan, say: Say) -> None:
        """`say` shows a line of progress."""
        self._stack_file = stack_file
        stack = self._stack = read_stack(stack_file) or {}
        self._plan = plan
        self._say = say
        self.findings = Findings()
        observations = self.findings.observations
        self._stores = Stores(stack)
        self._log_watch = LogWatch(Path(stack["logs"]))
        self._phones = PhoneLoad(door, audio, plan, observations)
        self._messages = MessageLoad(stack, plan, observations)
        self._client = httpx.AsyncClient(base_url=stack["simulator_url"], trust_env=False, timeout=REQUEST_SECONDS)
        self._replies = ReplyWatch(self._client, self._messages, self._stores, observations)
        self._upkeep = Upkeep(stack)
        self._pids = leading_pids(stack["pids"])

    @property
    def window(self) -> Window:
        """What is judged."""
        return Window(from_seconds=self._plan.judged_from_seconds, until_seconds=self.findings.load_seconds)

    async def run(self, stream_health_url: str) -> None:
        """Put the load on for as long as planned, then wait until everything is answered."""
        gc.collect()
        gc.freeze()
        self._say(MINUTE_HEAD)
        try:
            async with asyncio.TaskGroup() as group:
                watching = [
                    group.create_task(work)
                    for work in (
                        self._replies.run(),
                        self._upkeep.run(),
                        self._probe(stream_health_url),
                        self._sample(),
                        self._tell(),
                    )
                ]
                loads = [group.create_task(self._phones.run()), group.create_task(self._messages.run())]
                await asyncio.sleep(self._plan.seconds)
                self._end_load()
                await asyncio.wait(loads)
                await self._drain()
                for task in watching:
                    task.cancel()
            self.findings.tally = await self._stores.run(self._stores.tally)
            self.findings.keys = await self._stores.run(self._stores.keys_by_form)
        except StoreSilent as error:
            self.findings.errors.append(f"soak: {error}")
        finally:
            self.findings.load_seconds = self.findings.load_seconds or self.findings.observations.now_seconds
            self._stores.close()
            await self._client.aclose()

    def _end_load(self) -> None:
        self.findings.load_seconds = self.findings.observations.now_seconds
        self._phones.stop()
        self._messages.stop()
        self._say(f"the load has ended; {len(self._messages.written_at)} messages wait for their reply")

    async def _drain(self) -> None:
        """Wait until every message is answered, every call is over and kept, and the last minute can be told."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            tally = await self._stores.run(self._stores.tally)
            is_kept = tally.open_calls == 0 and tally.recorded_calls >= tally.calls
            is_told = len(self.findings.rows) >= int(self._plan.minutes)
            if not self._messages.written_at and tally.unfinished == 0 and is_kept and is_told:
                return
            await asyncio.sleep(1)

    async def _probe(self, url: str) -> None:
        """Ask the stream service how it is, once a second: it answers between two turns of its loop."""
        async with httpx.AsyncClient(trust_env=False, timeout=REQUEST_SECONDS) as client:
            while True:
                started = time.perf_counter()
                try:
                    (await client.get(url)).raise_for_status()
                except httpx.HTTPError as error:
                    self.findings.observations.fail("health not answered", type(error).__name__)
                else:
                    self.findings.observations.took(Kind.LOOP, (time.perf_counter() - started) * 1000)
                await asyncio.sleep(PROBE_SECONDS)

    async def _sample(self) -> None:
        while True:
            due = time.monotonic() + self._plan.sample_seconds
            self._phones.harvest()
            stack = read_stack(self._stack_file)
            if stack is not None:
                self._note_restarts(stack["pids"])
                try:
                    await self._look(stack["pids"])
                except StoreSilent as error:
                    self.findings.observations.fail("samples missed", str(error))
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _look(self, pids: Mapping[str, Any]) -> None:
        at_seconds = self.findings.observations.now_seconds
        programs = await self._stores.run(lambda: read_programs({**pids, LOAD: os.getpid()}))
        stores = await self._stores.run(self._stores.read)
        self.findings.samples.append(Sample(at_seconds=at_seconds, programs=programs, stores=stores))
        self.findings.errors += await self._stores.run(self._log_watch.new_errors)

    def _note_restarts(self, pids: Mapping[str, Any]) -> None:
        now = leading_pids(pids)
        for name, before in self._pids.items():
            if name in now and now[name] - before:
                self.findings.restarted.append(name)
                self._say(f"{name} ended and was started again")
        self._pids = {**self._pids, **now}

    async def _tell(self) -> None:
        """A row for each minute, a little after its end."""
        minute = 0
        while True:
            minute += 1
            await asyncio.sleep(minute * SECONDS_PER_MINUTE + SETTLE_SECONDS - self.findings.observations.now_seconds)
            self._tell_minute(minute)

    def _tell_minute(self, minute: int) -> None:
        window = Window(from_seconds=(minute - 1) * SECONDS_PER_MINUTE, until_seconds=minute * SECONDS_PER_MINUTE)
        samples = [sample for sample in self.findings.samples if window.holds(sample.at_seconds)]
        if not samples:
            return
        late_ms = percentile_of_counts(self._phones.punctuality.late_ms, 0.99)
        self._phones.punctuality.late_ms.clear()
        self.findings.late_ms.append(late_ms)
        row = minute_row(
            minute,
            self.findings.observations,
            samples,
            calls_now=self._phones.in_progress,
            waiting=len(self._messages.written_at),
            oldest_seconds=self._messages.oldest_seconds,
            late_ms=late_ms,
        )
        self.findings.rows.append(row)
        self._say(row)
