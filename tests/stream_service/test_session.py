"""A call from its first frame to its last, with Twilio's playback buffer on the other side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.agent import HUMAN, AgentProfile
from shared.domain.call import Call, CallDirection, CallState, StreamTicket
from shared.domain.conversation import Conversation
from shared.domain.event import EventType, PlatformEvent
from shared.domain.message import Delivery, InboundMessage, Recipient, ReplyChunk
from shared.domain.prompt import HandOver
from shared.errors import StoreUnavailable
from shared.ports.channel import OutboundChannel
from shared.ports.stores import CallTurn
from shared.use_cases.answer_message import Answer
from shared.use_cases.open_call import OpenedCall
from stream_service.call_services import CallServices
from stream_service.listening.energy import EnergyDetector
from stream_service.listening.scripted import ScriptedTranscriber
from stream_service.media.transport import MediaTransport
from stream_service.session import serve_call
from stream_service.speaking.scripted import ScriptedSynthesizer
from stream_service.turn_taking import TurnTiming
from tests.stream_service.caller import Caller

GREETING = "Sunrise clinic, good morning."
REPLY = "We open at nine in the morning."
TICKET = StreamTicket(call_sid="CA1", caller_id="919800000001", business_id="918000000000", slot="CA1")
AGENT = AgentProfile(id="reception", name="Asha", description="", instructions="", greeting=GREETING)


@dataclass
class World:
    """Everything around the session: what it was asked and told."""

    reply: str = REPLY
    hand_over: HandOver | None = None
    failure: Exception | None = None
    asked: list[InboundMessage] = field(default_factory=list)
    delivered: list[Delivery] = field(default_factory=list)
    remarks: list[CallTurn] = field(default_factory=list)
    ended: list[tuple[str, bool]] = field(default_factory=list)
    events: list[PlatformEvent] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    part_starts_ms: list[int] = field(default_factory=list)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def open_call(self, ticket: StreamTicket) -> OpenedCall:
        call = Call(
            call_sid=ticket.call_sid,
            conversation_id="c1",
            caller_id=ticket.caller_id,
            business_id=ticket.business_id,
            direction=CallDirection.INBOUND,
            state=CallState.LIVE,
            started_at=self.started_at,
            answered_at=self.started_at,
        )
        conversation = Conversation(id="c1", key=call.key)
        return OpenedCall(call=call, conversation=conversation, greeter=AGENT, greeting=GREETING, agents=(AGENT,))

    async def answer(self, message: InboundMessage, channel: OutboundChannel) -> Answer:
        self.asked.append(message)
        if self.failure is not None:
            raise self.failure
        recipient = Recipient(channel="voice", user_id="u", business_id="b", delivery_id=message.provider_message_id)
        delivery = await channel.deliver(recipient, self._chunks())
        self.delivered.append(delivery)
        conversation = Conversation(id="c1", key=message.key)
        return Answer(conversation=conversation, delivery=delivery, hand_over=self.hand_over)

    async def close_call(
        self, call_sid: str, *, slot: str, reason: str, has_failed: bool = False, caller_id: str | None = None
    ) -> None:
        assert (call_sid, slot, caller_id) == ("CA1", "CA1", TICKET.caller_id)
        self.ended.append((reason, has_failed))

    async def add_turn(self, turn: CallTurn) -> None:
        self.remarks.append(turn)

    async def publish(self, event: PlatformEvent) -> None:
        self.events.append(event)

    async def put_part(self, call_sid: str, *, started_at: datetime, start_ms: int, stereo_mulaw: bytes) -> None:
        self.part_starts_ms.append(start_ms)
        self.parts.append(stereo_mulaw)

    async def _chunks(self) -> AsyncGenerator[ReplyChunk, None]:
        for word in self.reply.split(" "):
            yield ReplyChunk(text=f"{word} ", agent_id="reception")


async def serve(
    world: World,
    caller: Caller,
    *,
    speech_ms: int = 1000,
    limit_seconds: int = 1800,
    can_transfer: bool = False,
    ticket: StreamTicket = TICKET,
) -> None:
    """Serve a call until it is over."""
    services = CallServices(
        open_call=world.open_call,
        answer=world.answer,
        close_call=world.close_call,
        calls=world,  # type: ignore[arg-type]  # the session uses add_turn alone
        recordings=world,  # type: ignore[arg-type]  # the session uses put_part alone
        events=world,
        transcriber=ScriptedTranscriber(["When do you open?", "And on Sunday?"]),
        synthesizer=ScriptedSynthesizer(duration_ms=speech_ms),
        detector=EnergyDetector(),
        timing=TurnTiming(start_ms=100, pause_ms=200, stop_ms=300),
        call_limit_seconds=limit_seconds,
        can_transfer=can_transfer,
    )
    await serve_call(services, ticket, MediaTransport(caller.receive, caller.send))


@asynccontextmanager
async def call(
    world: World,
    *,
    speech_ms: int = 1000,
    limit_seconds: int = 1800,
    can_transfer: bool = False,
    sid: str = "CA1",
    ticket: StreamTicket = TICKET,
) -> AsyncGenerator[Caller, None]:
    """A call that is up; it is hung up at the end if nobody did before."""
    caller = Caller(sid)
    serving = asyncio.create_task(
        serve(world, caller, speech_ms=speech_ms, limit_seconds=limit_seconds, can_transfer=can_transfer, ticket=ticket)
    )
    await caller.start()
    yield caller
    await caller.hang_up()
    async with asyncio.timeout(10):
        await serving


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
    assert world.part_starts_ms == [first, first + 10_000, first + 20_000]


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
    serving = asyncio.create_task(serve(world, caller))

    await caller.stop_before_start()

    async with asyncio.timeout(5):
        await serving
    assert caller.is_closed
    assert world.ended == [("not_started", True)]


async def test_a_stream_that_never_starts_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_service.session._START_SECONDS", 0.01)
    world = World()
    caller = Caller()

    async with asyncio.timeout(5):
        await serve(world, caller)

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

    async with call(world, speech_ms=500, can_transfer=True) as caller:
        await caller.listen(1000)
        await caller.speak(500)
        await caller.listen(1500)
        assert caller.is_closed

    assert world.ended == [("transfer", False)]
    assert caller.heard_ms == 1000


async def test_without_a_person_to_connect_to_the_call_goes_on() -> None:
    world = World(hand_over=HandOver(target=HUMAN, reason="asked", summary=""))

    async with call(world, speech_ms=500, can_transfer=False) as caller:
        await caller.listen(1000)
        await caller.speak(500)
        await caller.listen(1500)
        assert not caller.is_closed

    assert world.ended == [("caller_hung_up", False)]


async def test_front_ends_see_the_turn() -> None:
    world = World()

    async with call(world, speech_ms=500) as caller:
        await caller.listen(1000)
        await caller.speak(500)
        await caller.listen(1500)

    kinds = [event.type for event in world.events]
    assert kinds == [EventType.CALL_PARTIAL, EventType.CALL_TURN]
    assert world.events[-1].data["said"] == "When do you open?"


@pytest.mark.requirement("12.4")
async def test_a_call_ends_with_a_goodbye_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_service.session._WARNING_SECONDS", 0)
    world = World()

    async with call(world, speech_ms=500, limit_seconds=0) as caller:
        await caller.listen(3000)
        assert caller.is_closed

    assert "Goodbye" in world.remarks[-1].text
    assert world.ended == [("time_limit", False)]
