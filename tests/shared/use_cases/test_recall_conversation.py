"""The recent past: from the cache, else from the database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.conversation import (
    ELSEWHERE_LASTS,
    Conversation,
    ConversationKey,
    ConversationStatus,
    Elsewhere,
    Speaker,
    Turn,
)
from shared.errors import StoreUnavailable
from shared.use_cases.recall_conversation import RecallConversation
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.fakes.outbound_channel import FakeTextChannel
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import House

KEY = ConversationKey(channel="whatsapp", user_id="919800000001")
KEPT = Conversation(id="c1", key=KEY, turns=(Turn(speaker=Speaker.USER, text="kept", at=NOON),))


@pytest.fixture
async def house(clock: FrozenClock) -> House:
    """One exchange lies in the database."""
    clock.now = NOON
    house = House(clock)
    await house.answer(a_message(), FakeTextChannel())
    house.faults.calls.clear()
    return house


def stored_id(house: House) -> str:
    (conversation_id,) = house.rows.conversations
    return conversation_id


async def test_what_the_cache_keeps_is_not_asked_of_the_database(house: House) -> None:
    conversation = await house.recall(KEY, stored_id(house))

    assert [turn.text for turn in conversation.turns] == ["When do you open?", "Answer 1."]
    assert house.faults.calls == ["context.load"]


@pytest.mark.requirement("11.2")
@pytest.mark.requirement("11.5")
async def test_what_the_cache_forgot_is_rebuilt_from_the_database_and_cached(house: House) -> None:
    await house.context.forget(KEY)

    first = await house.recall(KEY, stored_id(house))
    second = await house.recall(KEY, stored_id(house))

    assert first == second
    assert [turn.text for turn in first.turns] == ["When do you open?", "Answer 1."]
    assert house.faults.calls == ["context.load", "history.load_conversation", "context.save", "context.load"]


async def test_a_cached_conversation_that_has_been_followed_by_another_is_not_used(house: House) -> None:
    await house.context.save(KEPT)

    conversation = await house.recall(KEY, stored_id(house))

    assert conversation.id == stored_id(house)
    assert [turn.text for turn in conversation.turns] == ["When do you open?", "Answer 1."]


async def test_a_conversation_that_has_just_begun_is_empty(house: House) -> None:
    stranger = ConversationKey(channel="voice", user_id="2")

    conversation = await house.recall(stranger, "c9")

    assert conversation == Conversation(id="c9", key=stranger)
    assert await house.context.load(stranger) == conversation


async def test_a_cache_that_is_down_costs_no_memory(house: House) -> None:
    house.context = Down(StoreUnavailable("no cache"))

    conversation = await house.recall(KEY, stored_id(house))

    assert len(conversation.turns) == 2


async def test_a_database_that_is_down_leaves_the_message_for_later(house: House) -> None:
    await house.context.forget(KEY)
    house.history = Down(StoreUnavailable("no database"))

    with pytest.raises(StoreUnavailable):
        await house.recall(KEY, "c1")


async def test_a_cached_conversation_that_changed_hands_since_is_not_used(house: House) -> None:
    conversation_id = stored_id(house)
    await house.history.set_status(conversation_id, ConversationStatus.HUMAN, note="Taken over.")

    claim = await house.history.claim(a_message(), lease_seconds=30)
    conversation = await house.recall(KEY, conversation_id, claim)

    assert [turn.text for turn in conversation.turns] == ["When do you open?", "Answer 1.", "Taken over."]


@pytest.mark.requirement("11.1")
@pytest.mark.parametrize(("seconds", "is_slow"), [(0.050, False), (0.0501, True)])
async def test_a_read_of_the_cache_above_fifty_milliseconds_is_logged(
    house: House, capsys: pytest.CaptureFixture[str], *, seconds: float, is_slow: bool
) -> None:
    ticks = iter([0.0, seconds])
    recall = RecallConversation(house.context, house.history, house.clock, lambda: next(ticks))

    await recall(KEY, stored_id(house))

    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    slow = [line for line in logged if line.get("message") == "context_slow"]
    assert [line["elapsed_ms"] for line in slow] == ([50] if is_slow else [])
    assert [line["level"] for line in slow] == (["WARNING"] if is_slow else [])


async def test_a_cache_that_gave_no_answer_in_time_counts_as_slow_too(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    ticks = iter([0.0, 2.0])
    recall = RecallConversation(Down(StoreUnavailable("no answer")), house.history, house.clock, lambda: next(ticks))

    await recall(KEY, stored_id(house))

    assert '"context_slow"' in capsys.readouterr().out


@pytest.mark.requirement("11.3")
async def test_a_turn_that_could_not_be_cached_is_remembered_in_the_next(house: House) -> None:
    house.faults.arm("context.save", lambda: StoreUnavailable("no cache"), after=False)
    await house.answer(a_message(text="And on Sunday?"), FakeTextChannel())

    await house.answer(a_message(text="Thanks"), FakeTextChannel())

    past = [turn.text for turn in house.model.prompts[-1].turns]
    assert past == ["When do you open?", "Answer 1.", "And on Sunday?", "Answer 2."]


async def test_a_turn_that_could_not_be_cached_is_remembered_where_no_message_is_claimed_yet(house: House) -> None:
    recall = house.recall
    house.faults.arm("context.save", lambda: StoreUnavailable("no cache"), after=False)
    await recall.keep(replace(KEPT, id=stored_id(house)))

    conversation = await recall(KEY, stored_id(house))

    assert [turn.text for turn in conversation.turns] == ["When do you open?", "Answer 1."]
    assert house.faults.calls.count("history.load_conversation") == 1


async def test_what_was_said_on_another_channel_is_looked_up_again_after_a_while(house: House) -> None:
    known = await house.recall(KEY, stored_id(house))
    elsewhere = Elsewhere(channel="voice", summary="", turns=(), read_at=house.clock())
    await house.context.save(replace(known, elsewhere=elsewhere))
    house.faults.calls.clear()

    await house.recall(KEY, stored_id(house))
    house.clock.now += ELSEWHERE_LASTS + timedelta(seconds=1)
    again = await house.recall(KEY, stored_id(house))

    assert house.faults.calls.count("history.load_conversation") == 1
    assert again.elsewhere is None


async def test_an_ordinary_turn_reads_no_past_from_the_database(house: House) -> None:
    await house.answer(a_message(), FakeTextChannel())
    house.faults.calls.clear()

    await house.answer(a_message(), FakeTextChannel(), earlier=[a_message()])
    await house.answer(a_message(), FakeTextChannel())

    assert "history.load_conversation" not in house.faults.calls
