"""What happens when a call is over, or its audio stream is gone."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.call import CallState, StreamTicket
from shared.domain.conversation import ConversationStatus
from shared.errors import Blocked, NotFound, SignatureInvalid, StoreUnavailable
from shared.observability import flush_metrics
from shared.use_cases.answer_call import NOT_NOW
from shared.use_cases.reconnect_call import PAUSES_SECONDS, RECOVERIES, TIME_IS_UP
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.samples import a_ticket
from tests.shared.use_cases.switchboard import CALL_LIMIT_SECONDS, CALLER, PERSON, Switchboard, webhook

DOWN = Down(StoreUnavailable("no answer"))
TICKET = a_ticket(call_sid="CA1", slot="CA1", caller_id=CALLER)


@pytest.fixture
def board(clock: FrozenClock) -> Switchboard:
    return Switchboard(clock, human_phone_number=PERSON)


async def ring(board: Switchboard) -> None:
    await board.answer_call(webhook("incoming"))


async def talk(board: Switchboard, ticket: StreamTicket = TICKET) -> str:
    """The call's audio flows; the id of its conversation."""
    await ring(board)
    return (await board.open_call(ticket)).conversation.id


async def recover(board: Switchboard, **form: str) -> str:
    return (await board.follow_call(webhook("recover", **{"CallStatus": "in-progress", **form}))).body


async def report(board: Switchboard, status: str) -> int:
    return (await board.follow_call(webhook("status", CallStatus=status))).status


@pytest.mark.parametrize(
    ("status", "state"),
    [("completed", CallState.ENDED), ("no-answer", CallState.ENDED), ("failed", CallState.FAILED)],
)
async def test_a_final_status_closes_the_call(board: Switchboard, status: str, state: CallState) -> None:
    await talk(board)

    assert await report(board, status) == 204

    call = board.rows.calls["CA1"]
    assert (call.state, call.end_reason) == (state, status)
    assert board.taken_slots == set()


async def test_a_status_under_way_closes_nothing(board: Switchboard) -> None:
    await talk(board)

    assert await report(board, "in-progress") == 204

    assert board.rows.calls["CA1"].state is CallState.LIVE
    assert board.taken_slots == {"CA1"}


async def test_the_reason_noted_first_stands(board: Switchboard) -> None:
    await talk(board)
    await board.close_call("CA1", slot="CA1", reason="time_limit")

    await report(board, "completed")

    assert board.rows.calls["CA1"].end_reason == "time_limit"


async def test_a_caller_who_hung_up_before_audio_flowed_gets_the_slot_back(board: Switchboard) -> None:
    await ring(board)

    assert await report(board, "completed") == 204

    assert board.taken_slots == set()
    assert board.rows.calls == {}


@pytest.mark.parametrize("topic", ["stream-status", "machine-detection"])
async def test_other_reports_are_taken_note_of(board: Switchboard, topic: str) -> None:
    response = await board.follow_call(webhook(topic))

    assert (response.status, response.body) == (204, "")


async def test_a_webhook_nobody_knows_is_not_found_and_leaves_no_counter(board: Switchboard) -> None:
    for number in range(5):
        with pytest.raises(NotFound):
            await board.follow_call(webhook(f"made-up-{number}", password="wrong"))

    assert board.blocklist._sources == {}  # Whether made-up paths fill the cache has no public name.


async def test_unsigned_reports_are_refused_and_at_last_blocked(board: Switchboard) -> None:
    await talk(board)
    forged = webhook("status", password="wrong", CallStatus="completed")

    for _ in range(3):
        with pytest.raises(SignatureInvalid):
            await board.follow_call(forged)
    with pytest.raises(Blocked):
        await board.follow_call(forged)

    assert board.rows.calls["CA1"].state is CallState.LIVE


async def test_a_call_that_we_ended_is_hung_up(board: Switchboard) -> None:
    await talk(board)
    await board.close_call("CA1", slot="CA1", reason="time_limit")

    assert await recover(board) == "hang up"


async def test_a_call_that_the_caller_ended_is_not_connected_again(board: Switchboard) -> None:
    await talk(board)
    await report(board, "completed")

    assert await recover(board, CallStatus="completed") == "hang up"
    assert board.taken_slots == set()


async def test_a_caller_who_hung_up_before_audio_flowed_is_not_connected_again(board: Switchboard) -> None:
    await ring(board)
    await report(board, "completed")

    assert await recover(board, CallStatus="completed") == "hang up"
    assert board.taken_slots == set()


async def test_a_caller_who_waits_for_a_person_is_connected_to_one(board: Switchboard) -> None:
    conversation_id = await talk(board)
    await board.house.history.set_status(conversation_id, ConversationStatus.HUMAN, note="wanted")
    await board.close_call("CA1", slot="CA1", reason="transfer")

    assert await recover(board) == f"dial {PERSON} for {CALL_LIMIT_SECONDS}"


async def test_without_a_persons_number_nobody_is_dialled(clock: FrozenClock) -> None:
    board = Switchboard(clock)
    conversation_id = await talk(board)
    await board.house.history.set_status(conversation_id, ConversationStatus.HUMAN, note="wanted")
    await board.close_call("CA1", slot="CA1", reason="transfer")

    assert await recover(board) == "hang up"


@pytest.mark.parametrize("has_failed", [False, True], ids=["live", "failed"])
async def test_a_call_that_lost_its_stream_comes_back_and_resumes(board: Switchboard, *, has_failed: bool) -> None:
    conversation_id = await talk(board)
    if has_failed:
        await board.close_call("CA1", slot="CA1", reason="failure", has_failed=True)

    verb, token = (await recover(board)).split()

    assert verb == "connect"
    ticket = await board.tickets.redeem(token)
    assert ticket is not None
    assert (ticket.resumes, ticket.call_sid) == (True, "CA1")
    assert board.taken_slots == {"CA1"}
    opened = await board.open_call(ticket)
    assert opened.conversation.id == conversation_id
    assert opened.call.call_sid == "CA1"
    assert board.rows.calls["CA1"].state is CallState.LIVE


async def test_a_call_that_is_not_known_begins_anew(board: Switchboard) -> None:
    await ring(board)

    verb, token = (await recover(board)).split()

    assert verb == "connect"
    ticket = await board.tickets.redeem(token)
    assert ticket is not None
    assert not ticket.resumes


async def test_a_call_is_not_connected_again_for_ever(board: Switchboard) -> None:
    await talk(board)

    answers = [await recover(board) for _ in range(RECOVERIES + 1)]

    pauses = [answer.split()[1] if answer.startswith("pause") else "0" for answer in answers]
    assert ["connect" in answer for answer in answers] == [True] * RECOVERIES + [False]
    assert [int(pause) for pause in pauses[:RECOVERIES]] == list(PAUSES_SECONDS)
    assert answers[-1] == f"refuse {NOT_NOW}"


async def test_a_request_to_recover_that_comes_after_the_end_takes_no_slot(board: Switchboard) -> None:
    await talk(board)
    await board.close_call("CA1", slot="CA1", reason="stream_lost", has_failed=True)
    await report(board, "completed")

    assert await recover(board) == f"refuse {NOT_NOW}"
    assert board.taken_slots == set()


async def test_a_status_that_comes_twice_and_late_changes_nothing(board: Switchboard, clock: FrozenClock) -> None:
    await talk(board)
    await report(board, "completed")
    before = board.rows.calls["CA1"]
    clock.advance(seconds=60)

    for status in ("completed", "in-progress", "completed", "failed"):
        await report(board, status)

    assert board.rows.calls["CA1"] == before
    assert board.house.told.count("call.ended") == 1


@pytest.mark.requirement("12.4")
async def test_a_call_that_keeps_losing_its_stream_does_not_outlast_the_longest_call(
    board: Switchboard, clock: FrozenClock
) -> None:
    await talk(board)
    clock.advance(seconds=CALL_LIMIT_SECONDS - 1)
    assert "connect" in await recover(board)
    clock.advance(seconds=1)

    assert await recover(board) == f"refuse {TIME_IS_UP}"


async def test_an_error_of_the_media_stream_is_logged_and_counted(
    board: Switchboard, capsys: pytest.CaptureFixture[str]
) -> None:
    await board.follow_call(webhook("stream-status", StreamEvent="stream-error", StreamError="31924"))
    flush_metrics()

    printed = capsys.readouterr().out
    assert '"message":"media_stream_failed"' in printed
    assert '"error":"31924"' in printed
    assert "media_stream_errors" in printed


@pytest.mark.parametrize("port", ["reader", "rates", "slots", "tickets"])
async def test_a_caller_who_cannot_be_brought_back_is_told(board: Switchboard, port: str) -> None:
    await talk(board)
    lost: Any = DOWN
    setattr(board, port, lost)

    assert await recover(board) == f"refuse {NOT_NOW}"


@pytest.mark.parametrize("is_open_again", [False, True], ids=["before", "after"])
async def test_a_stream_whose_loss_is_noticed_late_does_not_end_the_call_that_came_back(
    board: Switchboard, *, is_open_again: bool
) -> None:
    _, token = (await board.answer_call(webhook("incoming"))).body.split()
    lost = await board.tickets.redeem(token)
    await board.open_call(lost)
    _, token = (await recover(board)).split()
    back = await board.tickets.redeem(token)
    if is_open_again:
        await board.open_call(back)

    await board.close_call(
        "CA1", slot="CA1", reason="stream_lost", has_failed=True, caller_id=CALLER, stream_id=lost.stream_id
    )

    assert board.rows.calls["CA1"].state is CallState.LIVE
    assert board.taken_slots == {"CA1"}
    await board.close_call("CA1", slot="CA1", reason="caller_hung_up", caller_id=CALLER, stream_id=back.stream_id)
    assert board.rows.calls["CA1"].end_reason == "caller_hung_up"
    assert board.taken_slots == set()
