"""What surrounds the conversation: keys, silence, time, goodbyes, languages, coming back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.domain.conversation import Speaker
from shared.domain.message import InboundMessage, MessageKind
from shared.ports.channel import OutboundChannel
from shared.use_cases.answer_message import Answer
from shared.use_cases.speak_ahead import Anticipated
from tests.stream_service.served_call import MANNERS, REPLY, TICKET, World, call


class BrokenOff(World):
    """Whatever the agent says is broken off by a noise that turns out to be no words."""

    async def answer(
        self, message: InboundMessage, channel: OutboundChannel, anticipated: Anticipated | None = None
    ) -> Answer:
        answer = await super().answer(message, channel, anticipated)
        assert answer.delivery is not None
        return replace(answer, delivery=replace(answer.delivery, interrupted=True))


QUIET = replace(MANNERS, silence_prompt_seconds=5)


async def test_keys_are_a_turn_once_the_caller_has_finished_them() -> None:
    world = World()

    async with call(world) as caller:
        await caller.listen(1500)
        for key in "123#":
            await caller.press(key)
            await caller.listen(200)
        await caller.listen(2000)

    (message,) = world.asked
    assert message.text == "123"
    assert message.attributes["input"] == "keypad"
    assert [delivery.text for delivery in world.delivered] == [REPLY]


async def test_keys_without_an_end_are_taken_after_a_while() -> None:
    world = World()

    async with call(world) as caller:
        await caller.listen(1500)
        await caller.press("7")
        await caller.listen(5000)

    assert [message.text for message in world.asked] == ["7"]


async def test_a_key_ends_what_the_agent_is_saying() -> None:
    world = World()

    async with call(world, speech_ms=4000) as caller:
        await caller.listen(1000)
        await caller.press("1")
        await caller.press("#")
        assert caller.clears_ms == [1000]
        await caller.listen(5000)

    assert world.remarks[0].interrupted


async def test_into_a_silence_the_agent_asks_twice_then_says_goodbye_and_hangs_up() -> None:
    world = World()

    async with call(world, manners=QUIET) as caller:
        await caller.listen(40_000)

    texts = [remark.text for remark in world.remarks]
    assert len(texts) == 4
    assert texts[1] != texts[2]
    assert "Goodbye" in texts[3]
    assert not world.remarks[3].interrupted
    assert world.hung_up == ["silence"]
    assert world.ended == [("silence", False)]


async def test_a_caller_who_speaks_again_is_not_hung_up() -> None:
    world = World()

    async with call(world, manners=QUIET) as caller:
        await caller.listen(8000)
        await caller.speak(600)
        await caller.listen(8000)

    assert world.hung_up == []
    assert len(world.delivered) == 1


async def test_a_caller_who_answers_the_goodbye_is_not_hung_up() -> None:
    world = World()

    async with call(world, speech_ms=1500, manners=QUIET, texts=["Wait, I am here."]) as caller:
        while not any("ll end the call" in text for text in world.spoken):
            await caller.listen(20)
        await caller.listen(200)
        await caller.speak(600)
        await caller.listen(2500)

    assert world.remarks[-1].interrupted
    assert world.hung_up == []
    assert [message.text for message in world.asked] == ["Wait, I am here."]


async def test_a_goodbye_of_ours_is_heard_before_the_call_ends() -> None:
    world = World()

    async with call(world, speech_ms=1500, manners=QUIET) as caller:
        await caller.listen(60_000)
        heard_ms = caller.heard_ms

    # The greeting of one sentence, prompts and goodbye of several: all were played to the end.
    assert heard_ms % 1500 == 0


async def test_where_the_provider_cannot_hang_up_the_stream_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_service.attendant.WARNING_SECONDS", 0)
    world = World(can_hang_up=False)

    async with call(world, speech_ms=500, manners=replace(MANNERS, call_limit_seconds=0)) as caller:
        await caller.listen(4000)
        assert caller.is_closed

    assert world.ended == [("time_limit", False)]


async def test_a_provider_whose_word_of_the_end_is_lost_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_service.attendant._LONGEST_TO_END_SECONDS", 0)
    world = World()

    async with call(world, speech_ms=500, manners=QUIET) as caller:
        world.caller = None
        await caller.listen(30_000)
        assert caller.is_closed

    assert world.ended == [("silence", False)]


async def test_a_caller_who_says_goodbye_is_answered_and_let_go() -> None:
    world = World()

    async with call(world, speech_ms=500, texts=["Thank you, goodbye."]) as caller:
        await caller.listen(1000)
        await caller.speak(600)
        await caller.listen(6000)

    assert [remark.speaker for remark in world.remarks] == [Speaker.AGENT, Speaker.USER, Speaker.AGENT]
    assert world.asked == []
    assert world.hung_up == ["farewell"]


async def test_a_cough_after_the_goodbye_does_not_keep_the_line_open() -> None:
    world = World()

    async with call(world, speech_ms=500, texts=["Thank you, goodbye.", ""]) as caller:
        await caller.listen(1000)
        await caller.speak(600)
        await caller.listen(1500)
        await caller.speak(200)
        await caller.listen(1500)
        assert world.hung_up == []
        await caller.listen(1500)

    assert world.hung_up == ["farewell"]
    assert world.asked == []


async def test_an_afterthought_keeps_the_line_open() -> None:
    world = World()

    async with call(world, speech_ms=500, texts=["Goodbye.", "When do you open?"]) as caller:
        await caller.listen(1000)
        await caller.speak(600)
        await caller.listen(1500)
        await caller.speak(600)
        await caller.listen(3000)

    assert world.hung_up == []
    assert [message.text for message in world.asked] == ["When do you open?"]


async def test_an_agent_who_ends_the_call_is_heard_first() -> None:
    world = World(reply="Goodbye.", ends_call=True)

    async with call(world, speech_ms=500, texts=["That is all."]) as caller:
        await caller.listen(1000)
        await caller.speak(600)
        await caller.listen(6000)
        assert caller.heard_ms == 1000

    assert [delivery.text for delivery in world.delivered] == ["Goodbye."]
    assert world.hung_up == ["agent_ended"]
    assert world.ended == [("agent_ended", False)]


async def test_an_agent_who_ends_the_call_without_a_word_is_excused() -> None:
    world = World(reply="", ends_call=True)

    async with call(world, speech_ms=500, texts=["That is all."]) as caller:
        await caller.listen(1000)
        await caller.speak(600)
        await caller.listen(8000)

    assert world.remarks[-1].text == "Thank you for calling. Goodbye."
    assert world.hung_up == ["agent_ended"]


async def test_an_afterthought_outlives_the_agents_goodbye() -> None:
    world = World(reply="Goodbye.", ends_call=True)

    async with call(world, speech_ms=500, texts=["That is all.", "Are you open on Sunday?"]) as caller:
        await caller.listen(1000)
        await caller.speak(600)
        await caller.listen(1500)
        world.ends_call = False
        await caller.speak(600)
        await caller.listen(5000)

    assert world.hung_up == []
    assert [message.text for message in world.asked] == ["That is all.", "Are you open on Sunday?"]


async def test_a_goodbye_that_was_broken_off_ends_nothing() -> None:
    world = BrokenOff(ends_call=True)

    async with call(world, speech_ms=500, texts=["That is all."]) as caller:
        await caller.listen(1000)
        await caller.speak(600)
        await caller.listen(6000)

    assert [message.text for message in world.asked] == ["That is all."]
    assert world.hung_up == []


async def test_a_caller_may_change_the_language() -> None:
    world = World()

    async with call(world, speech_ms=500, texts=["Can you speak Hindi?", "When do you open?"]) as caller:
        await caller.listen(1000)
        await caller.speak(600)
        await caller.listen(2500)
        await caller.speak(600)
        await caller.listen(2000)

    assert "हिंदी" in world.remarks[-1].text
    (message,) = world.asked
    assert message.attributes["language"] == "hi-IN"


async def test_a_question_that_a_lost_stream_left_unanswered_is_answered_after_the_welcome() -> None:
    now = datetime.now(UTC)
    lost = InboundMessage(
        channel="voice",
        user_id=TICKET.caller_id,
        provider_message_id="CA1:1",
        kind=MessageKind.SPEECH,
        text="When do you open?",
        business_id=TICKET.business_id,
        sent_at=now,
        received_at=now,
    )
    world = World(unanswered=lost)

    async with call(world, speech_ms=500, ticket=replace(TICKET, resumes=True)) as caller:
        await caller.listen(3000)

    assert world.asked == [lost]
    assert [delivery.text for delivery in world.delivered] == [REPLY]
