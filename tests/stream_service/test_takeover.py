"""A person takes over while the caller is on the line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.conversation import ConversationStatus
from shared.domain.event import EventType
from shared.domain.spoken.fixed_sentences import SentenceKind, sentence
from tests.stream_service.served_call import GREETING, MANNERS, REPLY, TICKET, World, call

TAKEN_OVER = sentence(SentenceKind.TAKEN_OVER, "en-IN")


def said(world: World) -> list[str]:
    """All that the caller heard of sentences that are no answers."""
    return [remark.text for remark in world.remarks]


async def test_a_reply_in_progress_is_cut_and_the_caller_is_told() -> None:
    world = World()

    async with call(world, speech_ms=3000) as caller:
        await caller.listen(4000)
        await caller.speak(500)
        await caller.listen(1300)
        world.change_hands(ConversationStatus.HUMAN)
        await caller.listen(40)
        cut_at_ms = caller.clears_ms[-1]
        await caller.listen(8000)

    (reply,) = world.delivered
    assert reply.interrupted
    assert len(reply.text) < len(REPLY)
    assert cut_at_ms <= 5840
    assert said(world) == [GREETING, TAKEN_OVER]


async def test_nothing_more_is_said_until_it_is_given_back() -> None:
    world = World()

    async with call(world, speech_ms=500, manners=replace(MANNERS, silence_prompt_seconds=5)) as caller:
        await caller.listen(1000)
        world.change_hands(ConversationStatus.HUMAN)
        await caller.listen(2000)
        heard_ms = caller.heard_ms
        await caller.speak(500)
        await caller.listen(30_000)
        assert caller.heard_ms == heard_ms
        assert not caller.is_closed
        world.change_hands(ConversationStatus.OPEN)
        await caller.speak(500)
        await caller.listen(2000)

    assert [message.text for message in world.asked] == ["When do you open?", "And on Sunday?"]
    assert [delivery.text for delivery in world.delivered] == [REPLY]


async def test_what_is_said_meanwhile_is_kept_for_the_person_even_a_goodbye() -> None:
    world = World()

    async with call(world, speech_ms=500, texts=["Thank you, goodbye."]) as caller:
        await caller.listen(1000)
        world.change_hands(ConversationStatus.HUMAN)
        await caller.listen(2500)
        await caller.speak(500)
        await caller.listen(6000)

    assert [message.text for message in world.asked] == ["Thank you, goodbye."]
    turns = [event.data for event in world.events if event.type is EventType.CALL_TURN]
    assert turns[-1]["text"] == "Thank you, goodbye."
    assert world.hung_up == []


async def test_a_reply_that_is_still_being_sought_is_not_said() -> None:
    world = World(thinks_ms=2000)

    async with call(world, speech_ms=500) as caller:
        await caller.listen(1000)
        await caller.speak(500)
        await caller.listen(1000)
        world.change_hands(ConversationStatus.HUMAN)
        await caller.listen(6000)

    assert [delivery.text for delivery in world.delivered] == [""]
    assert said(world) == [GREETING, TAKEN_OVER]


async def test_a_takeover_that_nobody_told_of_is_noticed_with_the_next_words() -> None:
    world = World()

    async with call(world, speech_ms=500) as caller:
        await caller.listen(1000)
        world.status = ConversationStatus.HUMAN
        await caller.speak(500)
        await caller.listen(2500)
        await caller.speak(500)
        await caller.listen(2500)

    assert said(world) == [GREETING, TAKEN_OVER]
    assert world.delivered == []


async def test_a_caller_who_talked_over_the_sentence_hears_it_after_the_next_words() -> None:
    world = World()

    async with call(world, speech_ms=2000) as caller:
        await caller.listen(2500)
        world.change_hands(ConversationStatus.HUMAN)
        await caller.listen(500)
        await caller.speak(600)
        await caller.listen(6000)

    assert said(world)[-1] == TAKEN_OVER
    assert [remark.interrupted for remark in world.remarks] == [False, True, False]


@pytest.mark.parametrize("is_told", [True, False])
async def test_where_there_is_a_person_to_connect_the_caller_is_connected(*, is_told: bool) -> None:
    world = World()

    async with call(world, speech_ms=500, manners=replace(MANNERS, can_transfer=True)) as caller:
        await caller.listen(1000)
        if is_told:
            world.change_hands(ConversationStatus.HUMAN)
        else:
            world.status = ConversationStatus.HUMAN
            await caller.speak(500)
        await caller.listen(3000)
        assert caller.is_closed

    assert said(world) == [GREETING, TAKEN_OVER]
    assert world.ended == [("transfer", False)]


async def test_a_person_whom_the_agent_called_is_announced_by_the_agent_alone() -> None:
    world = World()

    async with call(world, speech_ms=500) as caller:
        await caller.listen(1000)
        world.change_hands(ConversationStatus.HUMAN, wanted=True)
        await caller.listen(3000)

    assert said(world) == [GREETING]


async def test_a_call_that_was_taken_over_before_its_line_broke_is_not_greeted_anew() -> None:
    world = World(status=ConversationStatus.HUMAN)

    async with call(world, speech_ms=500, ticket=replace(TICKET, resumes=True)) as caller:
        await caller.listen(3000)

    assert said(world) == [TAKEN_OVER]


async def test_a_call_that_is_over_hears_of_nothing() -> None:
    world = World()

    async with call(world, speech_ms=500) as caller:
        await caller.listen(1000)

    assert world.listeners == []
