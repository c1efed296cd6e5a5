"""What is remembered of a conversation."""

from __future__ import annotations

from shared.domain.conversation import CONTEXT_TURNS, Conversation, ConversationKey, ConversationStatus, Speaker, Turn
from tests.samples import NOON

EMPTY = Conversation(id="c", key=ConversationKey(channel="voice", user_id="1"))


def turn(number: int) -> Turn:
    return Turn(speaker=Speaker.USER, text=str(number), at=NOON)


def test_turns_are_appended_in_order() -> None:
    conversation = EMPTY.with_turns(turn(1)).with_turns(turn(2), turn(3))

    assert [each.text for each in conversation.turns] == ["1", "2", "3"]
    assert EMPTY.turns == ()


def test_the_oldest_turns_are_forgotten_beyond_the_limit() -> None:
    conversation = EMPTY.with_turns(*map(turn, range(CONTEXT_TURNS))).with_turns(turn(100))

    assert len(conversation.turns) == CONTEXT_TURNS
    assert (conversation.turns[0].text, conversation.turns[-1].text) == ("1", "100")


def test_another_status_changes_nothing_else() -> None:
    conversation = EMPTY.with_turns(turn(1))

    taken_over = conversation.with_status(ConversationStatus.HUMAN)

    assert taken_over.status is ConversationStatus.HUMAN
    assert taken_over.with_status(ConversationStatus.OPEN) == conversation


def test_a_key_reads_as_channel_and_user() -> None:
    assert str(EMPTY.key) == "voice:1"
