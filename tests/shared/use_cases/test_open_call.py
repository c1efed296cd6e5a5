"""A call begins: its record, its conversation, its greeting."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.agent import RuleKind
from shared.domain.call import Call, CallDirection, CallState, ResumeReason
from shared.domain.call_back import CallBack, WhoRings, call_back_note
from shared.domain.conversation import ConversationStatus
from shared.domain.message import InboundMessage
from shared.domain.spoken.fixed_sentences import SentenceKind, sentence
from shared.errors import StoreUnavailable
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.fakes.stores import FakeAgentStore
from tests.samples import a_message, a_ticket
from tests.shared.use_cases.house import AGENTS, a_rule, an_agent
from tests.shared.use_cases.switchboard import Switchboard


def a_question(call: Call) -> InboundMessage:
    """Something the caller said."""
    return replace(
        a_message(),
        channel="voice",
        user_id=call.caller_id,
        provider_message_id=f"{call.call_sid}:1",
        attributes={"call_sid": call.call_sid},
    )


@pytest.fixture
def board(clock: FrozenClock) -> Switchboard:
    return Switchboard(clock)


async def test_the_call_is_on_record_as_live_from_its_first_moment(board: Switchboard, clock: FrozenClock) -> None:
    opened = await board.open_call(a_ticket())

    call = board.rows.calls["CA0001"]
    assert (call.state, call.started_at, call.answered_at) == (CallState.LIVE, clock(), clock())
    assert call.conversation_id == opened.conversation.id
    assert str(opened.conversation.key) == "voice:919800000001"


async def test_the_default_agent_greets_in_its_own_words(board: Switchboard) -> None:
    opened = await board.open_call(a_ticket())

    assert opened.greeter is not None
    assert opened.greeter.id == "reception"
    assert opened.greeting == "Hello from reception."
    assert [agent.id for agent in opened.agents] == ["appointments", "billing", "reception"]


async def test_the_agent_whom_a_rule_of_the_channel_names_greets(board: Switchboard) -> None:
    board.house.agents = FakeAgentStore(AGENTS, [a_rule("voice", "appointments", kind=RuleKind.CHANNEL)])

    opened = await board.open_call(a_ticket())

    assert opened.greeting == "Hello from appointments."


async def test_who_is_rung_back_hears_why_and_later_callers_do_not(board: Switchboard) -> None:
    promised = CallBack(
        id="promise-1",
        conversation_id="c1",
        wanted=WhoRings.AGENT,
        agent_id="billing",
        phone_number=a_ticket().caller_id,
        about="The bill.",
        due_at=board.clock(),
    )
    await board.house.call_backs.note_about(promised, call_back_note(promised.about))

    rung = await board.open_call(a_ticket(direction=CallDirection.OUTBOUND))
    later = await board.open_call(a_ticket(call_sid="CA0002"))

    assert rung.greeting == "Hello from reception. You asked us to call you back."
    assert "The bill." in rung.conversation.turns[-1].text
    assert later.greeting == "Hello from reception."


async def test_without_agents_there_is_no_greeting(board: Switchboard) -> None:
    board.house.agents = FakeAgentStore()

    opened = await board.open_call(a_ticket())

    assert (opened.greeter, opened.greeting) == (None, "")


async def test_a_caller_who_lost_the_line_is_welcomed_back_into_the_same_conversation(board: Switchboard) -> None:
    before = await board.open_call(a_ticket())

    after = await board.open_call(replace(a_ticket(), resumes=True))

    assert after.greeting == sentence(SentenceKind.WELCOME_BACK, "en")
    assert after.conversation.id == before.conversation.id


async def test_a_question_that_a_lost_stream_left_unanswered_is_handed_to_the_next(board: Switchboard) -> None:
    before = await board.open_call(a_ticket())
    question = a_question(before.call)
    await board.house.history.claim(question, lease_seconds=30)

    after = await board.open_call(replace(a_ticket(), resumes=True))
    again = await board.open_call(replace(a_ticket(), resumes=True))

    assert after.unanswered is not None
    assert (after.unanswered.text, after.unanswered.key) == (question.text, question.key)
    assert again.unanswered == after.unanswered
    assert await board.house.history.claim(after.unanswered, lease_seconds=30) is not None


async def test_a_new_call_has_nothing_to_answer(board: Switchboard) -> None:
    opened = await board.open_call(a_ticket())
    await board.house.history.claim(a_question(opened.call), lease_seconds=30)

    assert (await board.open_call(a_ticket())).unanswered is None


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (ResumeReason.STREAM_LOST, SentenceKind.WELCOME_BACK),
        (ResumeReason.NOBODY_REACHED, SentenceKind.NOBODY_REACHED),
    ],
)
async def test_who_comes_back_is_told_why_in_the_language_of_the_agent(
    board: Switchboard, reason: ResumeReason, kind: SentenceKind
) -> None:
    board.house.agents = FakeAgentStore(
        [an_agent("reception", language="hi-IN")], [a_rule("voice", "reception", kind=RuleKind.CHANNEL)]
    )
    await board.open_call(a_ticket())

    back = await board.open_call(replace(a_ticket(), resumes=True, resume_reason=reason))

    assert back.greeting == sentence(kind, "hi")


async def test_a_person_who_took_the_call_over_has_it_still_when_its_line_broke(board: Switchboard) -> None:
    first = await board.open_call(a_ticket())
    await board.house.history.set_status(first.conversation.id, ConversationStatus.HUMAN, note="taken over")
    await board.house.context.forget(first.conversation.key)

    back = await board.open_call(replace(a_ticket(), resumes=True, resume_reason=ResumeReason.STREAM_LOST))

    assert back.conversation.status is ConversationStatus.HUMAN


async def test_who_calls_again_is_served_by_agents_again(board: Switchboard) -> None:
    first = await board.open_call(a_ticket())
    await board.house.history.set_status(first.conversation.id, ConversationStatus.HUMAN, note="wanted")
    await board.house.context.forget(first.conversation.key)

    second = await board.open_call(a_ticket(call_sid="CA0002"))

    assert second.conversation.status is ConversationStatus.OPEN
    assert board.rows.conversations[first.conversation.id].status is ConversationStatus.OPEN
    assert (await board.house.context.load(first.conversation.key)).status is ConversationStatus.OPEN


async def test_front_ends_are_told(board: Switchboard) -> None:
    await board.open_call(a_ticket())

    (event,) = board.events.events
    assert event.type.value == "call.started"
    assert event.data == {"call_sid": "CA0001", "direction": "inbound", "agent_id": "reception"}


async def test_without_the_cache_the_call_is_served(board: Switchboard) -> None:
    board.house.context = board.house.active = Down(StoreUnavailable("no cache"))

    opened = await board.open_call(a_ticket())

    assert opened.greeting == "Hello from reception."


async def test_without_the_database_the_call_cannot_be_served(board: Switchboard) -> None:
    board.calls = Down(StoreUnavailable("no database"))

    with pytest.raises(StoreUnavailable):
        await board.open_call(a_ticket())
