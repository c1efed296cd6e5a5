"""A caller wants a person: the person is rung, told, and talks with the caller, or the agent is back."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.agent import HUMAN, RouteReason, RoutingDecision
from shared.domain.call import ResumeReason
from shared.domain.call_back import CallBackState, WhoRings
from shared.domain.conversation import ConversationStatus
from shared.domain.hand_over import person_note
from shared.errors import StoreUnavailable
from shared.use_cases.transfer_call import A_CALLER_WAITS, GOODBYE, NOBODY_NOTE, PRESS_A_KEY
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.samples import a_ticket
from tests.shared.use_cases.switchboard import CALL_LIMIT_SECONDS, CALLER, PERSON, Switchboard, webhook

SUMMARY = "invoice unclear. Was charged twice in June"
DOWN: Any = Down(StoreUnavailable("no answer"))


@pytest.fixture
async def board(clock: FrozenClock) -> Switchboard:
    """A caller whom the agent handed over: the record is closed, the caller still on the line."""
    board = Switchboard(clock, human_phone_number=PERSON)
    await board.answer_call(webhook("incoming"))
    opened = await board.open_call(a_ticket(call_sid="CA1", slot="CA1", caller_id=CALLER))
    detail = f"from billing: {SUMMARY}"
    note = person_note(RoutingDecision(agent_id=HUMAN, reason=RouteReason.HANDED_OVER, detail=detail))
    await board.house.history.set_status(opened.conversation.id, ConversationStatus.HUMAN, note=note)
    await board.close_call("CA1", slot="CA1", reason="transfer")
    return board


async def recover(board: Switchboard) -> str:
    return (await board.follow_call(webhook("recover", CallStatus="in-progress"))).body


async def brief(board: Switchboard, call_sid: str = "CA1", **form: str) -> str:
    request = webhook("transfer-summary", "CA9", query=f"call={call_sid}", From="918000000000", **form)
    return (await board.follow_call(request)).body


async def result(board: Switchboard, **form: str) -> str:
    return (await board.follow_call(webhook("transfer-result", **{"CallStatus": "in-progress", **form}))).body


def status_of(board: Switchboard) -> ConversationStatus:
    return board.rows.conversations[board.rows.calls["CA1"].conversation_id].status


async def test_the_person_is_told_who_calls_and_what_about(board: Switchboard) -> None:
    said = await brief(board)

    assert said == f"brief A call from {' '.join(CALLER)}. {SUMMARY}. {PRESS_A_KEY}"


async def test_the_person_is_told_the_callers_name_where_it_is_known(board: Switchboard) -> None:
    conversation = board.rows.conversations[board.rows.calls["CA1"].conversation_id]
    board.rows.user_names[conversation.key] = "Asha Rao"

    assert (await brief(board)).startswith("brief A call from Asha Rao. ")


async def test_what_the_person_is_told_is_in_no_log(board: Switchboard, capsys: pytest.CaptureFixture[str]) -> None:
    await recover(board)
    await brief(board)
    await result(board)

    assert "June" not in capsys.readouterr().out


async def test_a_key_puts_the_caller_through(board: Switchboard) -> None:
    assert await brief(board, Digits="1") == "put through"


@pytest.mark.parametrize("port", ["reader", "house"])
async def test_a_person_who_cannot_be_told_what_about_is_told_that_somebody_waits(
    board: Switchboard, port: str
) -> None:
    if port == "reader":
        board.reader = DOWN
    else:
        board.house.history = DOWN

    assert await brief(board) == f"brief {A_CALLER_WAITS} {PRESS_A_KEY}"


async def test_a_call_that_is_not_known_is_announced_all_the_same(board: Switchboard) -> None:
    assert await brief(board, "CA404") == f"brief {A_CALLER_WAITS} {PRESS_A_KEY}"


async def test_after_the_two_have_talked_the_call_ends(board: Switchboard) -> None:
    assert await result(board, DialBridged="true") == f"refuse {GOODBYE}"
    assert status_of(board) is ConversationStatus.HUMAN


async def test_a_caller_who_hung_up_while_it_rang_is_not_connected(board: Switchboard) -> None:
    assert await result(board, CallStatus="completed") == "hang up"
    assert board.taken_slots == set()


async def test_when_nobody_takes_the_call_the_agent_is_back_and_says_so(board: Switchboard) -> None:
    verb, token = (await result(board)).split()

    assert verb == "connect"
    ticket = await board.tickets.redeem(token)
    assert (ticket.resumes, ticket.resume_reason) == (True, ResumeReason.NOBODY_REACHED)
    opened = await board.open_call(ticket)
    assert "call you back" in opened.greeting
    assert opened.conversation.status is ConversationStatus.OPEN
    assert (status_of(board), board.taken_slots) == (ConversationStatus.OPEN, {"CA1"})


async def test_the_promise_of_a_call_back_is_noted_and_told(board: Switchboard) -> None:
    await result(board)

    assert ("system", NOBODY_NOTE) in board.house.said
    event = board.events.events[-1]
    assert (event.type.value, event.data) == ("takeover.changed", {"status": "open", "wanted": True})


async def test_the_promised_call_back_is_a_task_that_people_see_once(board: Switchboard) -> None:
    await result(board)
    await result(board)

    (promised,) = board.house.call_backs.kept
    assert (promised.wanted, promised.phone_number) == (WhoRings.PERSON, "919800000001")
    assert promised.state is CallBackState.DUE


async def test_the_agent_who_is_back_answers(board: Switchboard) -> None:
    _, token = (await result(board)).split()
    await board.open_call(await board.tickets.redeem(token))

    context = await board.house.context.load(board.rows.calls["CA1"].key)

    assert context.status is ConversationStatus.OPEN


@pytest.mark.parametrize("port", ["reader", "house"])
async def test_a_caller_is_never_left_in_silence_when_a_store_fails(board: Switchboard, port: str) -> None:
    working = board.house.history
    if port == "reader":
        board.reader = DOWN
    else:
        board.house.history = DOWN

    verb, token = (await result(board)).split()

    assert verb == "connect"
    board.house.history = working
    opened = await board.open_call(await board.tickets.redeem(token))
    assert opened.conversation.status is ConversationStatus.OPEN


@pytest.mark.requirement("12.4")
async def test_the_two_may_talk_for_what_is_left_of_the_longest_call(board: Switchboard, clock: FrozenClock) -> None:
    clock.advance(seconds=600)
    assert await recover(board) == f"dial {PERSON} for {CALL_LIMIT_SECONDS - 600}"

    clock.advance(seconds=1195)

    assert await recover(board) == f"dial {PERSON} for 60"
