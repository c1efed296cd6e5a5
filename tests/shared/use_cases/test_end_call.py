"""We hang up, whether or not the provider helps."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.domain.call import CallState
from shared.errors import ProviderUnavailable, StoreUnavailable
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.fakes.telephony import FakeTelephony
from tests.samples import a_ticket
from tests.shared.use_cases.switchboard import CALLER, Switchboard, webhook

CALL = "CA0001"


class DeafProvider(FakeTelephony):
    """Fails the first so many times; `answers` False never says anything."""

    def __init__(self, *, failures: int = 100, answers: bool = True) -> None:
        super().__init__()
        self.failures = failures
        self.answers = answers

    async def end_call(self, call_sid: str) -> None:
        if not self.answers:
            await asyncio.Event().wait()
        self.failures -= 1
        if self.failures >= 0:
            raise ProviderUnavailable("The provider did not answer.")
        await super().end_call(call_sid)


@pytest.fixture
async def board(clock: FrozenClock) -> Switchboard:
    """A call that is live and holds a slot."""
    board = Switchboard(clock)
    await board.slots.take(CALLER, CALL, limit=3, ttl_seconds=1920)
    await board.open_call(a_ticket(caller_id=CALLER))
    return board


async def test_the_provider_ends_the_call_and_the_reason_is_noted(board: Switchboard, clock: FrozenClock) -> None:
    assert await board.end_call(CALL, reason="goodbye")

    call = board.rows.calls[CALL]
    assert board.telephony.ended == [CALL]
    assert (call.state, call.end_reason, call.ended_at) == (CallState.ENDED, "goodbye", clock())


async def test_the_end_is_noted_before_the_provider_is_asked(board: Switchboard) -> None:
    seen: list[CallState] = []

    class Watching(FakeTelephony):
        async def end_call(self, call_sid: str) -> None:
            seen.append(board.rows.calls[call_sid].state)

    board.telephony = Watching()

    await board.end_call(CALL, reason="goodbye")

    assert seen == [CallState.ENDED]


async def test_the_end_is_told_once_though_three_notice_it(board: Switchboard, clock: FrozenClock) -> None:
    await board.end_call(CALL, reason="goodbye")
    clock.advance(seconds=1)
    await board.follow_call(webhook("status", CALL, CallStatus="completed"))
    clock.advance(seconds=1)
    await board.close_call(CALL, slot=CALL, reason="caller_hung_up")

    ends = [event for event in board.events.events if event.type.value == "call.ended"]
    assert [event.data for event in ends] == [{"call_sid": CALL, "reason": "goodbye"}]
    assert board.taken_slots == set()


async def test_a_failure_is_tried_once_more(board: Switchboard) -> None:
    board.telephony = DeafProvider(failures=1)

    assert await board.end_call(CALL, reason="goodbye")
    assert board.telephony.ended == [CALL]


async def test_a_provider_that_fails_leaves_the_end_to_the_recovery_webhook(board: Switchboard) -> None:
    board.telephony = DeafProvider()

    assert not await board.end_call(CALL, reason="goodbye")

    answer = await board.follow_call(webhook("recover", CALL, CallStatus="in-progress"))
    assert answer.body == "hang up"


async def test_a_provider_that_says_nothing_does_not_keep_us(board: Switchboard) -> None:
    board.telephony = DeafProvider(answers=False)
    board.hang_up_seconds = 0.0

    assert not await board.end_call(CALL, reason="goodbye")
    assert board.rows.calls[CALL].end_reason == "goodbye"


async def test_without_the_database_the_call_is_hung_up_all_the_same(board: Switchboard) -> None:
    lost: Any = Down(StoreUnavailable("no database"))
    board.calls = lost

    assert await board.end_call(CALL, reason="goodbye")
    assert board.telephony.ended == [CALL]
