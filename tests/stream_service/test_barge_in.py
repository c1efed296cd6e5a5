"""A caller who speaks over the agent: meant, or a cough, a sign of listening, an echo."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.stream_service.caller import Caller
from tests.stream_service.served_call import AGENT, GREETING, MANNERS, REPLY, World, call

QUESTION = "When do you open?"
ANSWER_MS = 4000


async def ask(caller: Caller) -> None:
    """Hear the greeting out, ask, and hear the beginning of the answer."""
    await caller.listen(ANSWER_MS + 500)
    await caller.speak(500)
    await caller.listen(1300)
    assert caller.hears_something


@pytest.mark.parametrize("cough_ms", [140, 260])
async def test_after_a_cough_the_agent_goes_on_where_it_stopped(cough_ms: int) -> None:
    world = World()

    async with call(world, speech_ms=ANSWER_MS, texts=[QUESTION, ""]) as caller:
        await ask(caller)
        await caller.speak(cough_ms)
        assert caller.clears_ms
        await caller.listen(6000)

    (delivery,) = world.delivered
    assert (delivery.text, delivery.interrupted) == (REPLY, False)
    # All of it was heard, and a piece of 250 ms at most was heard twice.
    assert 2 * ANSWER_MS <= caller.heard_ms <= 2 * ANSWER_MS + 250


@pytest.mark.parametrize("text", ["Uh-huh.", "haan ji", "Mhm, okay."])
async def test_a_sign_of_listening_does_not_take_the_floor(text: str) -> None:
    world = World()

    async with call(world, speech_ms=ANSWER_MS, texts=[QUESTION, text]) as caller:
        await ask(caller)
        await caller.speak(400)
        await caller.listen(6000)

    assert [message.text for message in world.asked] == [QUESTION]
    assert [delivery.text for delivery in world.delivered] == [REPLY]


async def test_the_agents_own_echo_does_not_interrupt_it() -> None:
    world = World()

    async with call(world, speech_ms=ANSWER_MS, texts=[QUESTION, "we open at nine in the"]) as caller:
        await ask(caller)
        await caller.speak(600)
        await caller.listen(6000)

    assert [message.text for message in world.asked] == [QUESTION]
    assert not world.delivered[0].interrupted


async def test_words_end_the_answer_before_the_caller_has_finished() -> None:
    world = World()

    async with call(world, speech_ms=ANSWER_MS, texts=[QUESTION, "No, on Sunday."]) as caller:
        await ask(caller)
        await caller.speak(300)

        (delivery,) = world.delivered
        assert delivery.interrupted
        await caller.listen(6000)

    assert [message.text for message in world.asked] == [QUESTION, "No, on Sunday."]


async def test_a_caller_who_goes_on_before_the_answer_sounds_gets_one_answer_to_the_rest() -> None:
    world = World()

    async with call(world, speech_ms=ANSWER_MS, texts=[QUESTION, "On Sunday, I mean."]) as caller:
        await caller.listen(ANSWER_MS + 500)
        await caller.speak(500)
        await caller.listen(320)
        await caller.speak(600)
        await caller.listen(6000)

    assert world.delivered[-1].text == REPLY
    assert not world.delivered[-1].interrupted


async def test_a_call_with_few_words_can_demand_more_of_them() -> None:
    world = World()

    async with call(
        world, speech_ms=ANSWER_MS, texts=[QUESTION, "Sunday."], manners=replace(MANNERS, interruption_min_words=2)
    ) as caller:
        await ask(caller)
        await caller.speak(600)
        await caller.listen(6000)

    assert not world.delivered[0].interrupted


async def test_at_the_beginning_of_the_greeting_a_short_noise_does_not_silence_it() -> None:
    world = World()

    async with call(world, speech_ms=ANSWER_MS, manners=replace(MANNERS, greeting_guard_ms=3000)) as caller:
        await caller.listen(500)
        await caller.speak(300)
        await caller.listen(5000)

    assert caller.clears_ms == []
    assert world.remarks[0].text == GREETING


async def test_longer_speech_interrupts_the_greeting_even_at_its_beginning() -> None:
    world = World()

    async with call(world, speech_ms=ANSWER_MS, manners=replace(MANNERS, greeting_guard_ms=3000)) as caller:
        await caller.listen(500)
        await caller.speak(600)
        assert caller.clears_ms
        await caller.listen(6000)

    assert world.remarks[0].interrupted
    assert [message.text for message in world.asked] == [QUESTION]


async def test_a_greeting_that_must_be_heard_is_heard_and_the_question_answered_after_it() -> None:
    world = World(agent=replace(AGENT, greeting_interruptible=False))

    async with call(world, speech_ms=ANSWER_MS) as caller:
        await caller.listen(500)
        await caller.speak(600)
        await caller.listen(9000)

    assert caller.clears_ms == []
    assert (world.remarks[0].text, world.remarks[0].interrupted) == (GREETING, False)
    assert [delivery.text for delivery in world.delivered] == [REPLY]


@pytest.mark.parametrize("before_its_end_ms", [300, 600])
async def test_a_yes_that_comes_a_little_early_is_an_answer(before_its_end_ms: int) -> None:
    world = World(reply="Shall I book it for ten?")

    async with call(world, speech_ms=2000, texts=["Please book it.", "Yes."]) as caller:
        await caller.listen(2500)
        await caller.speak(500)
        await caller.listen(300 + 2000 - before_its_end_ms)
        await caller.speak(400)
        await caller.listen(4000)

    assert [message.text for message in world.asked] == ["Please book it.", "Yes."]


async def test_audio_made_long_ago_is_cleared_as_long_as_it_was_not_heard() -> None:
    world = World()

    async with call(world, speech_ms=20_000) as caller:
        await caller.listen(15_000)
        assert caller.hears_something
        await caller.speak(300)

        assert not caller.hears_something
        assert len(caller.clears_ms) == 1


async def test_noise_without_words_does_not_silence_the_agent_for_ever() -> None:
    world = World()

    async with call(world, speech_ms=ANSWER_MS, texts=[QUESTION, ""]) as caller:
        await ask(caller)
        await caller.speak(12_000)

        assert [delivery.text for delivery in world.delivered] == [REPLY]


async def test_words_after_a_noise_still_interrupt() -> None:
    world = World()

    async with call(world, speech_ms=20_000, texts=[QUESTION, ""]) as caller:
        await caller.listen(20_500)
        await caller.speak(500)
        await caller.listen(1300)
        await caller.speak(6000)
        assert caller.hears_something
        assert world.session_understands is not None
        world.session_understands("No, on Sunday.")

        assert not caller.hears_something
