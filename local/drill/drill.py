"""The drill: a copy of the platform, load on it, one fault after the other, and what became of everything accepted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.drill import stepped_clock
from local.drill.callers import Caller, CallerVoices
from local.drill.echo_model import echo_model
from local.drill.evidence import apologies, stored_calls, stored_questions
from local.drill.fault import Fault, Scene
from local.drill.identities import Identities
from local.drill.links import FaultLinks
from local.drill.notes import Notes
from local.drill.platform_copy import running_copy
from local.drill.process_watch import LogWatch, ProcessWatch
from local.drill.provider_conduct import DISORDER, conduct
from local.drill.series import Outcome, Series
from local.drill.table import Row
from local.drill.verdict import Verdict, judge_calls, judge_messages
from local.drill.writers import ProviderWatch, Writers, read_pages
from local.ports import HOST, free_port

FIRST_USER = 919810000000
FIRST_CALLER = 919820000000
SETTLE_SECONDS = 60.0
_POLL_SECONDS = 0.5

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much runs all the time."""

    callers: int = 3
    users: int = 4
    seed: int = 8

    @property
    def user_ids(self) -> list[str]:
        """The WhatsApp ids of those who write."""
        return [str(FIRST_USER + number) for number in range(self.users)]

    @property
    def numbers(self) -> list[str]:
        """The telephone numbers of those who call."""
        return [f"+{FIRST_CALLER + number}" for number in range(self.callers)]


class Drill:
    """One run on a copy that is ready."""

    def __init__(
        self, scene: Scene, load: Load, voices: CallerVoices, *, say: Say, should_end: Callable[[], bool]
    ) -> None:
        self._copy = scene.copy
        self._scene = scene
        self._load = load
        self._say = say
        self._should_end = should_end
        self._notes = Notes()
        stack = scene.copy.stack
        self._stack = stack
        self._writers = Writers(scene.identities, self._notes, user_ids=load.user_ids, seed=load.seed)
        self._provider = ProviderWatch(stack.facts["simulator_url"], self._notes)
        self._callers = [Caller(scene.identities, number, voices, self._notes) for number in load.numbers]

    async def play(self, faults: Sequence[Fault]) -> list[Row]:
        """Play all faults under load; the rows hold the verdict over everything that was accepted meanwhile."""
        processes = ProcessWatch(self._copy)
        logs = LogWatch(self._copy.layout.logs)
        series = Series(self._scene, self._notes, processes, logs, say=self._say, should_end=self._should_end)
        async with _running(processes.watch(), self._provider.watch(), read_pages(self._stack, self._notes)):
            async with _running(self._writers.write(), *(caller.keep_calling() for caller in self._callers)):
                await conduct(self._copy.facts["simulator_url"], **DISORDER)
                self._writers.are_writing.set()
                outcomes = await series.play(faults)
                self._writers.are_writing.clear()
                self._say("the load ends; waiting until nothing is left to be done")
                await self._writers.settle()
                await self._until_answered()
            verdict = await self._until_settled()
        return await asyncio.to_thread(self._rows, outcomes, verdict)

    async def _until_answered(self) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            if all(each.replies_at or not each.accepted_at for each in self._notes.messages.values()):
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _until_settled(self) -> tuple[Verdict, Verdict]:
        """The verdict once nothing is missing any more, or after a while."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            messages, calls = await asyncio.to_thread(self._judge)
            if not (messages.lost or calls.lost) or time.monotonic() > deadline:
                return messages, calls
            await asyncio.sleep(_POLL_SECONDS)

    def _judge(self) -> tuple[Verdict, Verdict]:
        url = self._copy.facts["database_url"]
        questions = stored_questions(url, self._load.user_ids)
        messages = judge_messages(list(self._notes.messages.values()), self._provider.sent, questions)
        return messages, judge_calls(stored_calls(url), self._notes.utterances)

    def _rows(self, outcomes: Sequence[Outcome], verdicts: tuple[Verdict, Verdict]) -> list[Row]:
        now = time.monotonic()
        apologised_at = apologies(self._copy.facts["database_url"], now=now)
        rows = []
        for number, outcome in enumerate(outcomes):
            is_last = number == len(outcomes) - 1
            until = now if is_last else outcome.until
            rows.append(
                Row(
                    outcome=outcome,
                    lost=self._within(outcome.since, until, *(verdict.lost for verdict in verdicts)),
                    doubled=self._within(outcome.since, until, *(verdict.doubled for verdict in verdicts)),
                    apologies=sum(outcome.since <= at < until for at in apologised_at),
                )
            )
        return rows

    def _within(self, since: float, until: float, *found: dict[str, str]) -> tuple[str, ...]:
        """Those of the found messages and calls that belong to this time."""
        return tuple(
            f"{key}: {why}" for each in found for key, why in each.items() if since <= self._moment_of(key) < until
        )

    def _moment_of(self, key: str) -> float:
        """When the message was written, the call ended, or the unknown reply was sent."""
        if key in self._notes.messages:
            return self._notes.messages[key].written_at
        sent = next((reply.at for reply in self._provider.sent if reply.provider_id == key), None)
        return self._notes.call_ends.get(key, 0.0) if sent is None else sent


async def run_drill(
    directory: Path,
    faults: Sequence[Fault],
    load: Load,
    voices: CallerVoices,
    *,
    say: Say,
    should_end: Callable[[], bool] = lambda: False,
) -> list[Row]:
    """Start a copy in this folder, play the faults on it until all are played or it should end, end the copy.

    Raises:
        NotRunning: the copy does not start, or ended for good.
    """
    async with echo_model() as model_port, _linked_copy(directory, model_port, say=say) as scene:
        return await Drill(scene, load, voices, say=say, should_end=should_end).play(faults)


@asynccontextmanager
async def _linked_copy(directory: Path, model_port: int, *, say: Say) -> AsyncIterator[Scene]:
    """A copy that reaches all others through the fault proxy, the model included."""
    control, model_link = free_port(), free_port()
    clocks = await asyncio.to_thread(stepped_clock.build, directory)
    if not clocks:
        say("no C compiler: clocks cannot be stepped")
    settings = {"OPENAI_BASE_URL": f"http://{HOST}:{model_link}/v1", **clocks}
    say("starting a copy of the platform")
    async with (
        running_copy(directory, settings, fault_control=control) as copy,
        FaultLinks(control) as links,
    ):
        await links.add("model", listen=model_link, target=model_port)
        identities = Identities(number=copy.stack.whatsapp_number, line=copy.stack.phone_line)
        yield Scene(copy=copy, links=links, identities=identities)


@asynccontextmanager
async def _running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let this run while the context is open; a failure of one of them ends it."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
