"""What a dead task left behind is finished, and what lives is left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.call import CallState
from shared.errors import StoreUnavailable
from shared.use_cases.repair_calls import LOST, PAGE_SIZE, RepairCalls, RepairReport
from tests.fakes.call_store import FakeCallStore
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeConnectionCounter
from tests.fakes.faults import Down, Faults, Killed
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.messaging import FakeEventPublisher
from tests.fakes.stores import FakeRecordingStore
from tests.fakes.unfinished_calls import FakeUnfinishedCalls
from tests.samples import a_ticket

LONGEST_CALL = timedelta(minutes=30)
TWO_HOURS = timedelta(hours=2)
SECOND = b"\xff\x00" * 8000


class Exchange:
    """Calls of which some were never finished."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.rows = MemoryRows(clock)
        self.calls: Any = FakeCallStore(self.rows)
        self.recordings: Any = FakeRecordingStore()
        self.slots: Any = FakeConnectionCounter(clock)
        self.events = FakeEventPublisher()
        self.stops_after: int | None = None
        self.asked = 0

    async def add(self, call_sid: str, *, age: timedelta = TWO_HOURS, seconds_recorded: int = 0) -> None:
        """A live call that began so long ago, with parts of its recording."""
        started_at = self.clock() - age
        await self.calls.open(a_ticket(call_sid=call_sid, caller_id=f"of-{call_sid}"), started_at=started_at)
        await self.calls.answered(call_sid, at=started_at)
        for second in range(seconds_recorded):
            await self.recordings.put_part(call_sid, started_at=started_at, start_ms=1000 * second, stereo_mulaw=SECOND)

    async def repair(self) -> RepairReport:
        """One run over the last three days."""
        repair_calls = RepairCalls(
            FakeUnfinishedCalls(self.rows),
            self.calls,
            self.recordings,
            self.slots,
            self.events,
            self.clock,
            longest_call=LONGEST_CALL,
        )
        return await repair_calls(look_back=timedelta(days=3), should_stop=self.should_stop)

    def should_stop(self) -> bool:
        """Whether the task is being taken away."""
        self.asked += 1
        return self.stops_after is not None and self.asked > self.stops_after


@pytest.fixture
def exchange(clock: FrozenClock) -> Exchange:
    return Exchange(clock)


async def test_a_call_that_outlived_the_longest_call_is_closed_as_failed(exchange: Exchange) -> None:
    await exchange.add("CA1")

    report = await exchange.repair()

    call = exchange.rows.calls["CA1"]
    assert (call.state, call.end_reason, report.closed) == (CallState.FAILED, LOST, 1)
    assert [event.data["call_sid"] for event in exchange.events.events] == ["CA1"]


async def test_the_end_is_where_the_recording_ends(exchange: Exchange) -> None:
    await exchange.add("CA1", seconds_recorded=7)

    await exchange.repair()

    call = exchange.rows.calls["CA1"]
    assert call.ended_at == call.started_at + timedelta(seconds=7)
    assert call.recording_ms == 7000


async def test_a_call_that_may_still_be_going_on_is_left_alone(exchange: Exchange) -> None:
    await exchange.add("CA1", age=LONGEST_CALL)

    report = await exchange.repair()

    assert exchange.rows.calls["CA1"].state is CallState.LIVE
    assert report == RepairReport(is_complete=True)


async def test_a_call_that_holds_its_slot_is_left_alone(exchange: Exchange) -> None:
    await exchange.add("CA1", seconds_recorded=1)
    await exchange.slots.take("of-CA1", "CA1", limit=3, ttl_seconds=60)

    report = await exchange.repair()

    assert exchange.rows.calls["CA1"].state is CallState.LIVE
    assert (report.still_live, report.recordings_finished) == (1, 0)


async def test_without_knowledge_of_the_slots_no_call_is_closed(exchange: Exchange) -> None:
    await exchange.add("CA1")
    exchange.slots = Down(StoreUnavailable("The cache gave no answer."))

    report = await exchange.repair()

    assert exchange.rows.calls["CA1"].state is CallState.LIVE
    assert (report.failed, report.closed) == (1, 0)


async def test_the_recording_of_an_ended_call_is_finished(exchange: Exchange) -> None:
    await exchange.add("CA1", seconds_recorded=2)
    await exchange.calls.close("CA1", ended_at=exchange.clock(), reason="hung_up")

    report = await exchange.repair()

    call = exchange.rows.calls["CA1"]
    assert (call.recording_ms, call.end_reason, report.recordings_finished) == (2000, "hung_up", 1)
    assert not exchange.events.events


async def test_a_second_run_finds_nothing_to_do(exchange: Exchange) -> None:
    await exchange.add("CA1", seconds_recorded=1)
    await exchange.repair()

    assert await exchange.repair() == RepairReport(is_complete=True)


async def test_one_call_that_cannot_be_repaired_does_not_keep_the_others_from_it(exchange: Exchange) -> None:
    for number in range(3):
        await exchange.add(f"CA{number}", seconds_recorded=1)
    faults = Faults()
    exchange.recordings = faults.wrap(exchange.recordings, "recordings")
    faults.arm("recordings.assemble", lambda: StoreUnavailable("S3 gave no answer."), after=False)

    first = await exchange.repair()
    second = await exchange.repair()

    assert (first.closed, first.failed, second.closed, second.failed) == (2, 1, 1, 0)


async def test_more_calls_than_a_page_are_all_repaired(exchange: Exchange) -> None:
    for number in range(2 * PAGE_SIZE + 1):
        await exchange.add(f"CA{number:03}")

    assert (await exchange.repair()).closed == 2 * PAGE_SIZE + 1


async def test_a_run_that_is_told_to_stop_leaves_the_rest_to_the_next_one(exchange: Exchange) -> None:
    for number in range(3):
        await exchange.add(f"CA{number}", seconds_recorded=1)
    exchange.stops_after = 1

    cut_short = await exchange.repair()
    exchange.stops_after = None
    rest = await exchange.repair()

    assert (cut_short.closed, cut_short.is_complete) == (1, False)
    assert (rest.closed, rest.is_complete) == (2, True)


STEPS = [
    "slots.holds",
    "recordings.assemble",
    "calls.attach_recording",
    "calls.close",
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_run_that_is_killed_at_any_step_is_finished_by_the_next(
    exchange: Exchange, step: str, *, after: bool
) -> None:
    await exchange.add("CA1", seconds_recorded=3)
    await exchange.add("CA2", seconds_recorded=2)
    faults = Faults()
    for port in ("slots", "recordings", "calls"):
        setattr(exchange, port, faults.wrap(getattr(exchange, port), port))
    faults.arm(step, Killed, after=after)
    with pytest.raises(Killed):
        await exchange.repair()

    report = await exchange.repair()

    assert report.is_complete
    calls = exchange.rows.calls.values()
    assert [(call.state, call.end_reason, call.recording_ms) for call in calls] == [
        (CallState.FAILED, LOST, 3000),
        (CallState.FAILED, LOST, 2000),
    ]
    assert [call.ended_at for call in calls] == [
        call.started_at + timedelta(milliseconds=call.recording_ms or 0) for call in calls
    ]
    assert await exchange.repair() == RepairReport(is_complete=True)
