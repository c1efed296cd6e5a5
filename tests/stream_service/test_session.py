"""A call from its first frame to its last, with Twilio's playback buffer on the other side."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.agent import HUMAN
from shared.domain.event import EventType
from shared.domain.prompt import HandOver
from shared.errors import StoreUnavailable
from stream_service.media.transport import MediaTransport
from stream_service.serve_call import serve_call
from tests.stream_service.caller import Caller
from tests.stream_service.served_call import GREETING, MANNERS, REPLY, TICKET, World, call, services_of


async def test_the_caller_is_greeted_and_the_greeting_is_kept_with_its_place() -> None:
    world = World()

    async with call(world, speech_ms=1000) as caller:
        await caller.listen(1500)

    assert caller.heard_ms == 1000
    (remark,) = world.remarks
    assert (remark.text, remark.agent_id, remark.interrupted) == (GREETING, "reception", False)
    assert 0 <= remark.start_ms <= remark.end_ms <= 1100


@pytest.mark.requirement("1.1")
@pytest.mark.requirement("1.3")
async def test_a_question_is_answered_aloud() -> None:
    world = World()

    async with call(world) as caller:
        await caller.listen(1500)
        await caller.speak(1000)
        await caller.listen(2000)

    assert [message.text for message in world.asked] == ["When do you open?"]
    (delivery,) = world.delivered
    assert (delivery.text, delivery.interrupted) == (REPLY, False)
    assert caller.heard_ms == 2000


async def test_a_past_that_cannot_be_put_in_short_ends_no_call() -> None:
    world = World(fold_failure=ValueError("a fault of ours"))

    async with call(world) as caller:
        await caller.listen(1500)
        await caller.speak(1000)
        await caller.listen(2500)
        await caller.speak(1000)
        await caller.listen(2500)

    assert len(world.folded) == 2
    assert len(world.delivered) == 2


async def test_the_question_knows_its_place_in_the_recording() -> None:
    world = World()

    async with call(world) as caller:
        await caller.listen(1500)
        await caller.speak(1000)
        await caller.listen(1000)

    (message,) = world.asked
    assert message.attributes["call_sid"] == "CA1"
    assert message.attributes["start_ms"] == pytest.approx(1500, abs=40)
    assert message.attributes["end_ms"] == pytest.approx(2500, abs=60)


async def test_a_caller_who_talks_over_the_agent_is_heard_at_once() -> None:
    world = World()

    async with call(world, speech_ms=4000) as caller:
        await caller.listen(4500)
        await caller.speak(500)
        await caller.listen(1300)
        assert caller.hears_something
        began_ms = caller.now_ms
        await caller.speak(600)
        assert not caller.hears_something
        await caller.listen(5000)

    first, second = world.delivered
    assert first.interrupted
    assert REPLY.startswith(first.text)
    assert first.text != REPLY
    assert caller.clears_ms[0] - began_ms <= 120
    assert (second.text, second.interrupted) == (REPLY, False)


async def test_nothing_is_cleared_while_the_agent_is_silent() -> None:
    world = World()

    async with call(world, speech_ms=500) as caller:
        await caller.listen(1000)
        await caller.speak(500)
        await caller.listen(1500)

    assert caller.clears_ms == []


async def test_the_recording_holds_both_voices_where_they_were_heard() -> None:
    world = World()

    async with call(world, speech_ms=1000) as caller:
        await caller.listen(1500)
        await caller.speak(1000)
        await caller.listen(2000)

    stereo = b"".join(world.parts)
    left, right = stereo[::2], stereo[1::2]
    assert len(left) == len(right) == 4500 * 8
    assert set(left[: 1500 * 8]) == {0xFF}
    assert set(left[1500 * 8 : 2500 * 8]) != {0xFF}
    assert right.replace(b"\xff", b"") == bytes(caller.heard).replace(b"\xff", b"")


async def test_a_long_call_is_recorded_part_by_part() -> None:
    world = World()

    async with call(world, speech_ms=100) as caller:
        await caller.listen(21_000)
        kept_while_it_runs = len(world.parts)

    assert kept_while_it_runs == 2
    assert len(b"".join(world.parts)) == 2 * 21_000 * 8


async def test_a_call_that_came_back_goes_on_behind_the_parts_it_has() -> None:
    world = World(started_at=datetime.now(UTC) - timedelta(seconds=95))

    async with call(world, speech_ms=100) as caller:
        await caller.listen(21_000)

    first, *_ = world.part_starts_ms
    assert first >= 95_000
    ends_ms = [start + len(part) // 16 for start, part in zip(world.part_starts_ms, world.parts, strict=True)]
    assert len(world.parts) == 3
    assert world.part_starts_ms[1:] == ends_ms[:-1]


async def test_turns_of_a_call_that_came_back_are_not_taken_for_those_before() -> None:
    world = World(started_at=datetime.now(UTC) - timedelta(seconds=95))

    async with call(world) as caller:
        await caller.listen(1500)
        await caller.speak(1000)
        await caller.listen(2000)
    async with call(world, ticket=replace(TICKET, resumes=True)) as caller:
        await caller.listen(1500)
        await caller.speak(1000)
        await caller.listen(2000)

    first, second = world.asked
    assert first.provider_message_id != second.provider_message_id
    assert len({remark.position for remark in world.remarks}) == 2
    assert second.attributes["start_ms"] == pytest.approx(95_000 + 1500, abs=500)


async def test_hanging_up_while_the_agent_speaks_keeps_what_was_heard() -> None:
    world = World()

    async with call(world, speech_ms=4000) as caller:
        await caller.listen(4500)
        await caller.speak(500)
        await caller.listen(1300)

    (delivery,) = world.delivered
    assert delivery.interrupted
    assert 0 < len(delivery.text) < len(REPLY)
    assert world.ended == [("caller_hung_up", False)]


async def test_a_stream_that_breaks_off_leaves_a_call_that_can_come_back() -> None:
    world = World()

    async with call(world) as caller:
        await caller.listen(1500)
        await caller.break_off()

    assert world.ended == [("stream_lost", True)]


async def test_a_stream_that_stops_before_it_starts_is_let_go() -> None:
    world = World()
    caller = Caller()
    serving = asyncio.create_task(serve_call(services_of(world), TICKET, MediaTransport(caller)))

    await caller.stop_before_start()

    async with asyncio.timeout(5):
        await serving
    assert caller.is_closed
    assert world.ended == [("not_started", True)]


async def test_a_stream_that_never_starts_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_service.serve_call._START_SECONDS", 0.01)
    world = World()
    caller = Caller()

    async with asyncio.timeout(5):
        await serve_call(services_of(world), TICKET, MediaTransport(caller))

    assert caller.is_closed
    assert world.ended == [("not_started", True)]


async def test_a_stream_of_another_call_is_not_served() -> None:
    world = World()

    async with call(world, sid="CA-somebody-else") as caller:
        await caller.listen(100)

    assert world.ended == [("wrong_call", True)]
    assert caller.heard_ms == 0


async def test_a_turn_that_fails_is_apologised_for() -> None:
    world = World(failure=StoreUnavailable("down"))

    async with call(world, speech_ms=500) as caller:
        await caller.listen(1000)
        await caller.speak(500)
        await caller.listen(1500)

    assert "went wrong" in world.remarks[-1].text
    assert caller.heard_ms == 1500  # the greeting, and the apology's two sentences


async def test_a_caller_who_wants_a_person_is_let_go_once_the_announcement_was_heard() -> None:
    world = World(hand_over=HandOver(target=HUMAN, reason="asked", summary=""))

    async with call(world, speech_ms=500, manners=replace(MANNERS, can_transfer=True)) as caller:
        await caller.listen(1000)
        await caller.speak(500)
        await caller.listen(1500)
        assert caller.is_closed

    assert world.ended == [("transfer", False)]
    assert caller.heard_ms == 1000


async def test_without_a_person_to_connect_to_the_call_goes_on() -> None:
    world = World(hand_over=HandOver(target=HUMAN, reason="asked", summary=""))

    async with call(world, speech_ms=500) as caller:
        await caller.listen(1000)
        await caller.speak(500)
        await caller.listen(1500)
        assert not caller.is_closed

    assert world.ended == [("caller_hung_up", False)]


async def test_front_ends_see_who_said_what_in_order() -> None:
    world = World()

    async with call(world, speech_ms=500) as caller:
        await caller.listen(1000)
        await caller.speak(500)
        await caller.listen(1500)

    assert [event.type for event in world.events] == [
        EventType.CALL_TURN,
        EventType.CALL_PARTIAL,
        EventType.CALL_TURN,
        EventType.CALL_TURN,
    ]
    assert {event.data["call_sid"] for event in world.events} == {"CA1"}
    greeted, asked, answered = (event.data for event in world.events if event.type is EventType.CALL_TURN)
    assert (greeted["speaker"], greeted["text"], greeted["agent_id"]) == ("agent", GREETING, "reception")
    assert (asked["speaker"], asked["text"], asked["agent_id"]) == ("user", "When do you open?", None)
    assert (answered["speaker"], answered["text"], answered["interrupted"]) == ("agent", REPLY, False)
    assert (answered["said"], answered["heard"]) == ("When do you open?", REPLY)
    assert [told["stages_ms"] is None for told in (greeted, asked, answered)] == [False, True, False]


async def test_front_ends_see_each_turn_at_its_place_in_the_recording() -> None:
    world = World()

    async with call(world, speech_ms=500) as caller:
        await caller.listen(1000)
        await caller.speak(500)
        await caller.listen(1500)

    turns = [event.data for event in world.events if event.type is EventType.CALL_TURN]
    kept = [world.asked[0].attributes, world.delivered[0].attributes]
    assert [(told["start_ms"], told["end_ms"]) for told in turns] == [
        (world.remarks[0].start_ms, world.remarks[0].end_ms),
        *((place["start_ms"], place["end_ms"]) for place in kept),
    ]
    assert len({told["end_ms"] for told in turns}) == len(turns)


async def test_front_ends_see_words_that_no_agent_answers() -> None:
    world = World()

    async with call(world, speech_ms=500, texts=["Thank you, goodbye."]) as caller:
        await caller.listen(1000)
        await caller.speak(600)
        await caller.listen(6000)

    turns = [event.data for event in world.events if event.type is EventType.CALL_TURN]
    assert [(told["speaker"], told["text"]) for told in turns[1:]] == [
        ("user", "Thank you, goodbye."),
        ("agent", "Thank you for calling. Goodbye."),
    ]


@pytest.mark.requirement("12.4")
async def test_a_call_ends_with_a_goodbye_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_service.attendant.WARNING_SECONDS", 0)
    world = World()

    async with call(world, speech_ms=500, manners=replace(MANNERS, call_limit_seconds=0)) as caller:
        await caller.listen(3000)

    assert "Goodbye" in world.remarks[-1].text
    assert world.hung_up == ["time_limit"]
    assert world.ended == [("time_limit", False)]


@pytest.mark.requirement("12.4")
async def test_a_caller_who_does_not_stop_talking_is_hung_up_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_service.attendant.WARNING_SECONDS", 0)
    monkeypatch.setattr("stream_service.attendant._LONGEST_GOODBYE_SECONDS", 0.05)
    world = World()

    async with call(world, speech_ms=500, manners=replace(MANNERS, call_limit_seconds=0)) as caller:
        while not world.hung_up:
            await caller.speak(200)

    assert world.ended == [("time_limit", False)]
