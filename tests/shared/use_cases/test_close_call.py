"""A call ends, whatever else is down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.domain.call import CallState
from shared.errors import StoreUnavailable
from shared.use_cases.close_call import CloseCall
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.samples import a_ticket
from tests.shared.use_cases.switchboard import CALLER, Switchboard

DOWN = Down(StoreUnavailable("no answer"))
PART = b"\xff\xff" * 8000  # One second.


@pytest.fixture
async def board(clock: FrozenClock) -> Switchboard:
    """A call of a minute, with a second of recording."""
    board = Switchboard(clock)
    await board.slots.take(CALLER, "CA0001", limit=3, ttl_seconds=1920)
    opened = await board.open_call(a_ticket(caller_id=CALLER))
    await board.recordings.put_part("CA0001", started_at=opened.call.started_at, start_ms=0, stereo_mulaw=PART)
    clock.advance(seconds=60)
    return board


async def close(board: Switchboard, **given: Any) -> None:
    await board.close_call("CA0001", slot="CA0001", **{"reason": "caller_hung_up", **given})


async def test_the_end_the_recording_and_the_free_slot_are_noted_and_told(
    board: Switchboard, clock: FrozenClock
) -> None:
    await close(board)

    call = board.rows.calls["CA0001"]
    assert (call.state, call.ended_at, call.end_reason) == (CallState.ENDED, clock(), "caller_hung_up")
    assert call.recording_key in board.recordings.files
    assert call.recording_ms == 1000
    assert board.taken_slots == set()
    event = board.events.events[-1]
    assert (event.type.value, event.data) == ("call.ended", {"call_sid": "CA0001", "reason": "caller_hung_up"})


async def test_a_call_that_was_lost_is_noted_as_failed(board: Switchboard) -> None:
    await close(board, reason="failure", has_failed=True)

    assert board.rows.calls["CA0001"].state is CallState.FAILED


async def test_closing_it_again_changes_nothing(board: Switchboard, clock: FrozenClock) -> None:
    await close(board)
    before = board.rows.calls["CA0001"]
    clock.advance(seconds=5)

    await close(board, reason="completed", has_failed=True)

    assert board.rows.calls["CA0001"] == before


async def test_a_call_without_recording_is_closed(clock: FrozenClock) -> None:
    board = Switchboard(clock)
    await board.open_call(a_ticket())

    await close(board)

    call = board.rows.calls["CA0001"]
    assert (call.state, call.recording_key) == (CallState.ENDED, None)


async def test_without_the_recordings_the_call_ends_and_the_slot_is_free(board: Switchboard) -> None:
    board.recordings = DOWN

    await close(board)

    assert board.rows.calls["CA0001"].state is CallState.ENDED
    assert board.taken_slots == set()
    assert board.house.told[-1] == "call.ended"


async def test_a_webhook_ends_the_call_and_leaves_its_recording_to_others(
    board: Switchboard, clock: FrozenClock
) -> None:
    note_end = CloseCall(board.calls, None, board.slots, board.events, clock)

    await note_end("CA0001", slot="CA0001", reason="completed", caller_id=CALLER)

    call = board.rows.calls["CA0001"]
    assert (call.state, call.recording_key) == (CallState.ENDED, None)
    assert board.taken_slots == set()


async def test_without_the_counter_of_slots_the_call_ends_and_its_recording_is_kept(board: Switchboard) -> None:
    board.slots = DOWN

    await close(board)

    call = board.rows.calls["CA0001"]
    assert (call.state, call.recording_ms) == (CallState.ENDED, 1000)
    assert board.house.told[-1] == "call.ended"


@pytest.mark.parametrize("caller_id", [CALLER, None])
async def test_without_the_database_the_slot_is_free_if_the_caller_is_known(
    board: Switchboard, caller_id: str | None
) -> None:
    board.calls = DOWN

    await close(board, caller_id=caller_id)

    assert board.taken_slots == (set() if caller_id else {"CA0001"})


async def test_a_call_that_nobody_knows_is_no_error(board: Switchboard) -> None:
    await board.close_call("CA-unknown", slot="CA-unknown", reason="completed")

    assert board.house.told == ["call.started"]


class BackAfter:
    """The calls' store when the database was down for so many attempts."""

    def __init__(self, calls: Any, failures: int) -> None:
        self._calls = calls
        self._failures = failures

    async def close(self, *given: Any, **named: Any) -> Any:
        if self._failures:
            self._failures -= 1
            raise StoreUnavailable("no answer")
        return await self._calls.close(*given, **named)

    def __getattr__(self, method: str) -> Any:
        return getattr(self._calls, method)


async def close_patiently(
    board: Switchboard, sleep: Callable[[float], Awaitable[None]], *, failures: int, stream_id: str = ""
) -> None:
    calls: Any = BackAfter(board.calls, failures)
    patient = CloseCall(
        calls, board.recordings, board.slots, board.events, board.clock, pauses_seconds=(1.0, 2.0, 4.0), sleep=sleep
    )
    await patient("CA0001", slot="CA0001", reason="caller_hung_up", caller_id=CALLER, stream_id=stream_id)


@pytest.mark.parametrize("failures", [1, 3])
async def test_an_end_that_met_an_outage_is_noted_after_it_with_its_own_time(
    board: Switchboard, clock: FrozenClock, failures: int
) -> None:
    ended_at = clock()
    pauses = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        clock.advance(seconds=seconds)

    await close_patiently(board, sleep, failures=failures)

    call = board.rows.calls["CA0001"]
    assert (call.state, call.ended_at, call.recording_ms) == (CallState.ENDED, ended_at, 1000)
    assert board.house.told.count("call.ended") == 1
    assert len(pauses) == failures
    assert all(longest / 2 <= pause <= longest for pause, longest in zip(pauses, (1.0, 2.0, 4.0), strict=False))


async def test_an_outage_that_outlasts_all_patience_leaves_the_end_to_the_background_job(board: Switchboard) -> None:
    pauses = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    await close_patiently(board, sleep, failures=100)

    assert len(pauses) == 3
    assert board.rows.calls["CA0001"].state is CallState.LIVE
    assert board.taken_slots == set()


async def test_a_caller_who_came_back_while_nothing_could_be_noted_is_not_ended(board: Switchboard) -> None:
    await board.slots.take(CALLER, "CA0001", limit=3, ttl_seconds=1920, holder="first")

    async def come_back(_seconds: float) -> None:
        await board.slots.take(CALLER, "CA0001", limit=3, ttl_seconds=1920, holder="second")

    await close_patiently(board, come_back, failures=1, stream_id="first")

    assert board.rows.calls["CA0001"].state is CallState.LIVE
    assert board.taken_slots == {"CA0001"}
