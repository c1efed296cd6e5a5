"""A machine answers a call of ours."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.call import CallDirection, CallState
from shared.errors import ProviderRejected, ProviderUnavailable, StoreUnavailable
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.fakes.telephony import FakeTelephony
from tests.samples import a_ticket
from tests.shared.use_cases.switchboard import CALLER, Switchboard, webhook

MESSAGE = "Please call us back."


class MutedProvider(FakeTelephony):
    """Leaves no message."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def leave_message(self, call_sid: str, text: str) -> None:
        raise self.error


@pytest.fixture
async def board(clock: FrozenClock) -> Switchboard:
    """A call of ours in which the agent has begun to talk."""
    board = Switchboard(clock)
    await board.open_call(a_ticket(call_sid="CA1", slot="CA1", caller_id=CALLER, direction=CallDirection.OUTBOUND))
    return board


async def detect(board: Switchboard, answerer: str) -> int:
    return (await board.follow_call(webhook("machine-detection", AnsweredBy=answerer))).status


@pytest.mark.parametrize("answerer", ["person", "unknown"])
async def test_whoever_may_be_a_person_goes_on_talking(board: Switchboard, answerer: str) -> None:
    await board.voicemail.keep("CA1", MESSAGE)

    assert await detect(board, answerer) == 204

    assert (board.telephony.ended, board.telephony.messages) == ([], [])
    assert board.rows.calls["CA1"].state is CallState.LIVE


@pytest.mark.parametrize(("answerer", "reason"), [("machine", "voicemail"), ("fax", "fax")])
async def test_a_machine_is_hung_up_on_and_the_record_says_why(board: Switchboard, answerer: str, reason: str) -> None:
    await detect(board, answerer)

    call = board.rows.calls["CA1"]
    assert board.telephony.ended == ["CA1"]
    assert (call.state, call.end_reason) == (CallState.ENDED, reason)


async def test_a_machine_is_left_the_message(board: Switchboard) -> None:
    await board.voicemail.keep("CA1", MESSAGE)

    await detect(board, "machine")

    assert (board.telephony.ended, board.telephony.messages) == ([], [("CA1", MESSAGE)])
    assert board.rows.calls["CA1"].end_reason == "voicemail"


async def test_a_fax_gets_no_message(board: Switchboard) -> None:
    await board.voicemail.keep("CA1", MESSAGE)

    await detect(board, "fax")

    assert (board.telephony.ended, board.telephony.messages) == (["CA1"], [])


async def test_the_message_is_left_once_though_the_machine_is_reported_twice(
    board: Switchboard, clock: FrozenClock
) -> None:
    await board.voicemail.keep("CA1", MESSAGE)

    for _ in range(2):
        await detect(board, "machine")
        clock.advance(seconds=1)

    assert board.telephony.messages == [("CA1", MESSAGE)]
    assert board.telephony.ended == []
    assert board.house.told.count("call.ended") == 1


async def test_the_end_of_the_stream_that_follows_does_not_change_the_reason(
    board: Switchboard, clock: FrozenClock
) -> None:
    await board.voicemail.keep("CA1", MESSAGE)
    await detect(board, "machine")
    clock.advance(seconds=1)

    await board.close_call("CA1", slot="CA1", reason="caller_hung_up")

    assert board.rows.calls["CA1"].end_reason == "voicemail"


@pytest.mark.parametrize("error", [ProviderUnavailable("no answer"), ProviderRejected("no", provider_code="21220")])
async def test_where_no_message_can_be_left_the_call_is_ended(board: Switchboard, error: Exception) -> None:
    await board.voicemail.keep("CA1", MESSAGE)
    board.telephony = MutedProvider(error)

    await detect(board, "machine")

    assert board.telephony.ended == ["CA1"]


async def test_without_the_database_no_agent_goes_on_talking_to_a_machine(board: Switchboard) -> None:
    lost: Any = Down(StoreUnavailable("no database"))
    board.calls = board.voicemail = lost

    assert await detect(board, "machine") == 204
    assert board.telephony.ended == ["CA1"]


async def test_a_caller_who_hung_up_first_is_left_no_message(board: Switchboard, clock: FrozenClock) -> None:
    await board.voicemail.keep("CA1", MESSAGE)
    await board.close_call("CA1", slot="CA1", reason="caller_hung_up")
    clock.advance(seconds=1)

    await detect(board, "machine")

    assert (board.telephony.messages, board.rows.calls["CA1"].end_reason) == ([], "caller_hung_up")
