"""Messages that are kept without a reply: why, who is told, and what joined ones mean for the conversation."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.conversation import ConversationStatus
from shared.domain.message import MessageKind, Unanswered
from shared.errors import ProviderUnavailable
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Killed
from tests.fakes.outbound_channel import FakeTextChannel, FakeVoiceChannel
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import LEASE_SECONDS, STALE_AFTER, House

LATE = NOON - STALE_AFTER - timedelta(minutes=1)


@pytest.fixture
def house(clock: FrozenClock) -> House:
    clock.now = NOON
    return House(clock)


@pytest.fixture
def channel() -> FakeTextChannel:
    return FakeTextChannel(can_tell=True)


def metrics(output: str, name: str) -> list[dict[str, object]]:
    return [line for line in map(json.loads, output.splitlines()) if "_aws" in line and name in line]


async def test_a_message_that_comes_hours_late_is_kept_and_flagged_not_answered(
    house: House, channel: FakeTextChannel, capsys: pytest.CaptureFixture[str]
) -> None:
    await house.answer(a_message(sent_at=LATE), channel)

    (row,) = house.rows.messages
    assert (row.state, row.unanswered, channel.accepted) == ("done", Unanswered.STALE, [])
    (counted,) = metrics(capsys.readouterr().out, "messages_unanswered")
    assert (counted["reason"], counted["messages_unanswered"]) == ("stale", [1.0])


async def test_a_clock_of_ours_that_is_hours_ahead_makes_no_message_old(house: House, channel: FakeTextChannel) -> None:
    house.rows.clock = FrozenClock(NOON)
    house.clock.advance(hours=2)

    await house.answer(a_message(sent_at=NOON), channel)

    (asked, _) = house.rows.messages
    assert (asked.state, asked.unanswered, len(channel.accepted)) == ("done", None, 1)


async def test_whoever_watches_is_told_of_a_message_that_came_too_late(house: House, channel: FakeTextChannel) -> None:
    await house.answer(a_message(sent_at=LATE), channel)

    (row,) = house.rows.messages
    assert house.told == ["message.received", "message.status"]
    assert house.events.events[1].data == {
        "message_id": row.id,
        "status": "unanswered",
        "error_code": None,
        "unanswered_because": "stale",
    }


async def test_what_was_late_is_part_of_the_conversation_when_the_user_writes_again(
    house: House, channel: FakeTextChannel
) -> None:
    await house.answer(a_message(text="Are you open?", sent_at=LATE), channel)

    await house.answer(a_message(text="Hello?"), channel)

    (prompt,) = house.model.prompts
    assert [turn.text for turn in prompt.turns] == ["Are you open?"]


@pytest.mark.parametrize("kind", [MessageKind.REACTION, MessageKind.ECHO])
async def test_a_kind_that_wants_no_reply_keeps_its_reason(
    house: House, channel: FakeTextChannel, kind: MessageKind
) -> None:
    await house.answer(a_message(kind=kind, sent_at=LATE), channel)

    assert house.rows.messages[0].unanswered is Unanswered.SILENT
    assert house.told == ["message.received"]


async def test_while_a_person_has_the_conversation_that_is_the_reason(house: House, channel: FakeTextChannel) -> None:
    first = a_message(text="Hello")
    await house.answer(first, channel)
    conversation_id = house.rows.messages[0].conversation_id
    await house.history.set_status(conversation_id, ConversationStatus.HUMAN, note="Taken over.")

    await house.answer(a_message(), channel)

    assert [row.unanswered for row in house.rows.messages if row.state is not None] == [None, Unanswered.HUMAN]


async def test_a_reply_that_was_decided_on_is_sent_however_late_it_has_become(
    house: House, channel: FakeTextChannel
) -> None:
    message = a_message()
    house.faults.arm("history.mark_sending", Killed, after=False)
    with pytest.raises(Killed):
        await house.answer(message, channel)

    house.clock.advance(hours=2)
    await house.answer(message, channel)

    assert len(channel.accepted) == 1
    assert house.rows.messages[0].unanswered is None


async def test_joined_messages_are_one_question_once(house: House, channel: FakeTextChannel) -> None:
    earlier = [a_message(text="Hello"), a_message(text="I have a question")]

    await house.answer(a_message(text="When do you open?"), channel, earlier=earlier)

    (prompt,) = house.model.prompts
    assert prompt.question == "Hello\nI have a question\nWhen do you open?"
    assert prompt.turns == ()


async def test_joined_messages_are_all_remembered_for_the_next_question(house: House, channel: FakeTextChannel) -> None:
    await house.answer(a_message(text="And you?"), channel, earlier=[a_message(text="I am fine")])

    await house.answer(a_message(text="Thanks"), channel)

    said = "\n".join(turn.text for turn in house.model.prompts[1].turns)
    assert said == "I am fine\nAnd you?\nAnswer 1."


async def test_after_a_failure_the_last_of_joined_messages_alone_brings_back_all_their_words(
    house: House, channel: FakeTextChannel
) -> None:
    last = a_message(text="When do you open?")
    house.faults.arm("active.save", lambda: ProviderUnavailable("busy"), after=False)
    with pytest.raises(ProviderUnavailable):
        await house.answer(last, channel, earlier=[a_message(text="Hello")])
    house.clock.advance(seconds=LEASE_SECONDS + 1)

    await house.answer(last, channel)

    assert [prompt.question for prompt in house.model.prompts] == ["Hello\nWhen do you open?"] * 2
    assert len(channel.accepted) == 1


def reasons(output: str) -> list[object]:
    lines = map(json.loads, output.splitlines())
    return [line["route_reason"] for line in lines if line.get("message") == "message_not_answered"]


@pytest.mark.requirement("3.1")
@pytest.mark.parametrize(
    ("reason", "given"),
    [("human", {}), ("silent", {"kind": MessageKind.REACTION}), ("stale", {"sent_at": LATE})],
)
async def test_why_nobody_answers_is_logged_as_the_reason_of_the_route(
    house: House, channel: FakeTextChannel, capsys: pytest.CaptureFixture[str], reason: str, given: dict[str, Any]
) -> None:
    if reason == "human":
        await taken_over(house, channel)
        capsys.readouterr()

    await house.answer(a_message(**given), channel)

    assert reasons(capsys.readouterr().out) == [reason]


@pytest.mark.requirement("3.1")
async def test_that_a_user_opted_out_is_logged_as_the_reason_of_the_route(
    house: House, channel: FakeTextChannel, capsys: pytest.CaptureFixture[str]
) -> None:
    await house.answer(a_message(text="STOP"), channel)

    await house.answer(a_message(text="My invoice"), channel)

    assert reasons(capsys.readouterr().out) == ["opted_out"]


async def test_a_caller_whose_conversation_a_person_has_is_logged_so_too(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = FakeVoiceChannel()
    await taken_over(house, voice, channel="voice", kind=MessageKind.SPEECH)
    capsys.readouterr()

    await house.answer(a_message(channel="voice", kind=MessageKind.SPEECH), voice)

    assert reasons(capsys.readouterr().out) == ["human"]


async def taken_over(house: House, delivers: Any, **given: Any) -> None:
    answer = await house.answer(a_message(**given), delivers)
    assert answer is not None
    await house.history.set_status(answer.conversation.id, ConversationStatus.HUMAN, note="Taken over.")
