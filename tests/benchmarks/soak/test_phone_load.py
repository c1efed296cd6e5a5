from __future__ import annotations

import asyncio

import pytest

from benchmarks.soak.observations import Kind, Observations
from benchmarks.soak.phone_load import PhoneLoad
from benchmarks.soak.plan import SoakPlan
from benchmarks.voice.caller_audio import CallerAudio
from benchmarks.voice.conversation import Exchange, Step
from benchmarks.voice.door import CallNotConnected, RingingCall
from benchmarks.voice.ear import Heard
from benchmarks.voice.playback import NS_PER_MS

AUDIO = CallerAudio(question=("AA",), interruption=("AA",), noise=("AA",))
PLAN = SoakPlan(minutes=1, calls=3, messages_per_second=1, warm_up_minutes=0)


class ClosedDoor:
    """Nobody gets in."""

    def __init__(self) -> None:
        self.callers: list[str] = []
        self.has_been_tried = asyncio.Event()

    async def ring(self, caller: str) -> RingingCall:
        self.callers.append(caller)
        self.has_been_tried.set()
        raise CallNotConnected("refused: busy")

    async def report_end(self, call: RingingCall) -> None:
        raise AssertionError("there was no call")


def _exchange(*, interrupts: bool = False, answered: bool = True, cleared_after_ms: int | None = None) -> Exchange:
    starts_ns = 1_000 * NS_PER_MS
    return Exchange(
        step=Step.INTERRUPT if interrupts else Step.ASK,
        starts_ns=starts_ns,
        interrupts=interrupts,
        ends_ns=starts_ns + 900 * NS_PER_MS,
        cleared_ns=None if cleared_after_ms is None else starts_ns + cleared_after_ms * NS_PER_MS,
        heard=Heard(first_ns=starts_ns + 1_110 * NS_PER_MS) if answered else Heard(),
    )


async def test_a_call_that_is_refused_is_a_failure_and_the_line_goes_on() -> None:
    door, observations = ClosedDoor(), Observations()
    load = PhoneLoad(door, AUDIO, PLAN, observations)
    running = asyncio.create_task(load.run())
    await door.has_been_tried.wait()

    load.stop()
    await running

    assert observations.counts["calls failed"] == len(door.callers) >= 1
    assert observations.reasons["calls failed"][0] == "CallNotConnected: refused: busy"
    assert load.in_progress == 0


@pytest.mark.parametrize(
    ("exchange", "kind", "elapsed_ms"),
    [
        (_exchange(), Kind.RESPONSE, 210),
        (_exchange(interrupts=True, cleared_after_ms=190), Kind.BARGE_IN, 190),
    ],
)
async def test_an_exchange_becomes_a_latency(exchange: Exchange, kind: Kind, elapsed_ms: float) -> None:
    observations = Observations()

    PhoneLoad(ClosedDoor(), AUDIO, PLAN, observations)._note(exchange)

    assert [ms for _, ms in observations.latencies(kind)] == [elapsed_ms]


async def test_an_utterance_without_an_answer_is_a_failure() -> None:
    observations = Observations()

    PhoneLoad(ClosedDoor(), AUDIO, PLAN, observations)._note(_exchange(answered=False))

    assert observations.counts["utterances without an answer"] == 1
    assert observations.latencies(Kind.RESPONSE) == []
