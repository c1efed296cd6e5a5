"""Plays the faults one after the other under load and notes what each of them looked like from outside."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from local.drill.fault import Fault, Scene
from local.drill.impressions import Impression, Patience, has_proofs, impression, last_blemish, measure_patience
from local.drill.notes import Notes
from local.drill.process_watch import LogWatch, ProcessWatch
from local.running_stack import NotRunning

BASELINE_SECONDS = 1.0
QUIET_SECONDS = 3.0
"""So long without any trouble, with messages and calls answered, and the platform counts as recovered."""

PROOF_MESSAGES, PROOF_EXCHANGES = 3, 2
GIVE_UP_SECONDS = 30.0
START_SECONDS = 120.0
WARM_UP_SECONDS = 10.0
_POLL_SECONDS = 0.25

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One fault as it was seen.

    Attributes:
        since, until: from the beginning of its quiet baseline to the end of its recovery.
        recovery_seconds: from the end of the fault until the last trouble; None when it did not recover in time.
        starts: how often processes of a name were started meanwhile.
        tracebacks: by program, of its log.
        memory_mb: of all processes of the copy, when it was over.
    """

    fault: Fault
    since: float
    until: float
    impression: Impression
    recovery_seconds: float | None
    starts: Counter[str]
    tracebacks: Counter[str]
    memory_mb: float


class Series:
    """One run through the faults. The load runs already."""

    def __init__(
        self,
        scene: Scene,
        notes: Notes,
        processes: ProcessWatch,
        logs: LogWatch,
        *,
        say: Say,
        should_end: Callable[[], bool] = lambda: False,
    ) -> None:
        """`should_end` is asked between two faults; what was played until then still counts."""
        self._scene = scene
        self._should_end = should_end
        self._notes = notes
        self._processes = processes
        self._logs = logs
        self._say = say
        self._patience = Patience()

    async def play(self, faults: Sequence[Fault]) -> list[Outcome]:
        """Wait until all is quiet, then inflict one after the other.

        Raises:
            NotRunning: it does not become quiet.
        """
        began = time.monotonic()
        if not await self._until_quiet(began, seconds=START_SECONDS):
            raise NotRunning("calls and messages do not work without any fault; the logs say why")
        await asyncio.sleep(WARM_UP_SECONDS)
        self._patience = measure_patience(self._notes, since=began)
        self._say(
            f"quiet; a reply counts as late after {self._patience.reply_seconds:.1f} s, "
            f"the agent's voice after {self._patience.voice_seconds:.1f} s"
        )
        self._logs.new_tracebacks()
        outcomes = []
        for number, fault in enumerate(faults, start=1):
            if self._should_end():
                break
            self._say(f"({number}/{len(faults)}) {fault.title}")
            outcomes.append(await self._play(fault))
        return outcomes

    async def _play(self, fault: Fault) -> Outcome:
        since = time.monotonic()
        await asyncio.sleep(BASELINE_SECONDS)
        begun = time.monotonic()
        async with fault.inflict(self._scene):
            await asyncio.sleep(fault.seconds)
        ended = time.monotonic()
        is_quiet = await self._until_quiet(ended, seconds=GIVE_UP_SECONDS)
        now = time.monotonic()
        trouble = last_blemish(self._notes, self._patience, since=ended, now=now)
        outcome = Outcome(
            fault=fault,
            since=since,
            until=now,
            impression=impression(self._notes, since=begun, until=now),
            recovery_seconds=(0.0 if trouble is None else trouble - ended) if is_quiet else None,
            starts=self._processes.starts(since=begun, until=now),
            tracebacks=self._logs.new_tracebacks(),
            memory_mb=sum(self._processes.memory_mb().values()),
        )
        self._say(f"    {_told(outcome)}")
        return outcome

    async def _until_quiet(self, since: float, *, seconds: float) -> bool:
        """Return when all has been well for a while; False when that does not come."""
        deadline = time.monotonic() + seconds
        while (now := time.monotonic()) < deadline:
            trouble = last_blemish(self._notes, self._patience, since=since, now=now) or since
            is_proven = has_proofs(
                self._notes, self._patience, since=trouble, messages=PROOF_MESSAGES, exchanges=PROOF_EXCHANGES
            )
            if is_proven and now - trouble >= QUIET_SECONDS:
                return True
            await asyncio.sleep(_POLL_SECONDS)
        return False


def _told(outcome: Outcome) -> str:
    seen = outcome.impression
    recovery = "NOT RECOVERED" if outcome.recovery_seconds is None else f"recovered in {outcome.recovery_seconds:.1f} s"
    slowest = "-" if seen.slowest_reply_seconds is None else f"{seen.slowest_reply_seconds:.1f} s"
    return (
        f"{recovery}; calls cut {seen.calls_cut}, not connected {seen.calls_not_connected}, "
        f"reconnected {seen.reconnected}, silence {seen.silence_seconds:.1f} s; "
        f"posts refused {seen.refused_posts} of {seen.posts}, slowest reply {slowest}; "
        f"pages refused {seen.refused_pages}; starts {dict(outcome.starts)}; tracebacks {dict(outcome.tracebacks)}"
    )
