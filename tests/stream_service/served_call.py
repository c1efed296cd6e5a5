"""A call served by a session, with everything around it in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.domain.agent import AgentProfile
from shared.domain.call import Call, CallDirection, CallState, StreamTicket
from shared.domain.conversation import Conversation, ConversationKey, ConversationStatus
from shared.domain.event import EventType, PlatformEvent, takeover_data
from shared.domain.message import Delivery, InboundMessage, Recipient, ReplyChunk
from shared.domain.prompt import HandOver
from shared.domain.voice import Voice
from shared.ports.channel import OutboundChannel
from shared.ports.stores import CallTurn
from shared.use_cases.answer_message import Answer
from shared.use_cases.open_call import OpenedCall
from shared.use_cases.orchestrator import Reply
from shared.use_cases.speak_ahead import Anticipated
from stream_service.call_services import CallServices, Manners
from stream_service.listening.energy import EnergyDetector
from stream_service.listening.scripted import ScriptedTranscriber, ScriptedTranscription
from stream_service.listening.transcriber import PartialListener
from stream_service.media.transport import MediaTransport
from stream_service.serve_call import serve_call
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
    ends_call: bool = False
    failure: Exception | None = None
    asked: list[InboundMessage] = field(default_factory=list)
    delivered: list[Delivery] = field(default_factory=list)
    remarks: list[CallTurn] = field(default_factory=list)
    ended: list[tuple[str, bool]] = field(default_factory=list)
    hung_up: list[str] = field(default_factory=list)
    can_hang_up: bool = True
    thinks_ms: int = 0
    spoken: list[str] = field(default_factory=list)
    session_understands: PartialListener | None = None
    agent: AgentProfile = AGENT
    unanswered: InboundMessage | None = None
    anticipated: list[str] = field(default_factory=list)
    folded: list[Conversation] = field(default_factory=list)
    fold_failure: Exception | None = None
    adopted: list[str] = field(default_factory=list)
    caller: Caller | None = None
    events: list[PlatformEvent] = field(default_factory=list)
    listeners: list[Callable[[PlatformEvent], None]] = field(default_factory=list)
    status: ConversationStatus = ConversationStatus.OPEN
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
        conversation = Conversation(id="c1", key=call.key, status=self.status)
        return OpenedCall(
            call=call,
            conversation=conversation,
            greeter=self.agent,
            greeting=self.agent.greeting,
            agents=(self.agent,),
            unanswered=self.unanswered,
        )

    async def fold_past(self, conversation: Conversation) -> None:
        self.folded.append(conversation)
        if self.fold_failure is not None:
            raise self.fold_failure

    async def anticipate(self, message: InboundMessage, conversation_id: str) -> Anticipated:
        self.anticipated.append(message.text)
        conversation = Conversation(id=conversation_id, key=message.key)
        reply = Reply(conversation, message, is_spoken=True)
        reply.chunks = self._chunks()
        return Anticipated(conversation=conversation, reply=reply)

    async def answer(
        self, message: InboundMessage, channel: OutboundChannel, anticipated: Anticipated | None = None
    ) -> Answer:
        self.asked.append(message)
        if self.failure is not None:
            raise self.failure
        if self.status is ConversationStatus.HUMAN:
            return Answer(conversation=Conversation(id="c1", key=message.key, status=self.status))
        if anticipated is not None:
            self.adopted.append(message.text)
        recipient = Recipient(channel="voice", user_id="u", business_id="b", delivery_id=message.provider_message_id)
        delivery = await channel.deliver(recipient, self._chunks() if anticipated is None else anticipated.reply.chunks)
        self.delivered.append(delivery)
        conversation = Conversation(id="c1", key=message.key)
        return Answer(conversation=conversation, delivery=delivery, hand_over=self.hand_over, ends_call=self.ends_call)

    async def close_call(
        self,
        call_sid: str,
        *,
        slot: str,
        reason: str,
        has_failed: bool = False,
        caller_id: str | None = None,
        stream_id: str = "",
    ) -> None:
        assert (call_sid, slot, caller_id) == ("CA1", "CA1", TICKET.caller_id)
        assert stream_id == TICKET.stream_id
        self.ended.append((reason, has_failed))

    async def end_call(self, call_sid: str, *, reason: str) -> bool:
        assert call_sid == "CA1"
        self.hung_up.append(reason)
        if self.can_hang_up and self.caller is not None:
            self.caller.end_stream()
        return self.can_hang_up

    async def add_turn(self, turn: CallTurn) -> None:
        self.remarks.append(turn)

    async def publish(self, event: PlatformEvent) -> None:
        self.events.append(event)

    def listen(self, conversation_id: str, listener: Callable[[PlatformEvent], None]) -> Callable[[], None]:
        assert conversation_id == "c1"
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def change_hands(self, status: ConversationStatus, *, wanted: bool = False) -> None:
        """What the hub tells of a takeover, or of its end."""
        self.status = status
        event = PlatformEvent(
            type=EventType.TAKEOVER_CHANGED,
            at=self.started_at,
            conversation_id="c1",
            key=ConversationKey(channel="voice", user_id=TICKET.caller_id),
            data=takeover_data(status, wanted=wanted),
        )
        for listener in tuple(self.listeners):
            listener(event)

    async def put_part(self, call_sid: str, *, started_at: datetime, start_ms: int, stereo_mulaw: bytes) -> None:
        self.part_starts_ms.append(start_ms)
        self.parts.append(stereo_mulaw)

    async def _chunks(self) -> AsyncGenerator[ReplyChunk, None]:
        thinks_until_ms = 0 if self.caller is None else self.caller.now_ms + self.thinks_ms
        while self.caller is not None and self.caller.now_ms < thinks_until_ms:
            await asyncio.sleep(0)
        for word in self.reply.split(" "):
            yield ReplyChunk(text=f"{word} ", agent_id="reception")


TEXTS = ("When do you open?", "And on Sunday?")
MANNERS = Manners(silence_prompt_seconds=0, filler_after_ms=0, greeting_guard_ms=0)


class _Noted(ScriptedSynthesizer):
    """Notes what the agent is made to say."""

    def __init__(self, world: World, speech_ms: int) -> None:
        super().__init__(duration_ms=speech_ms)
        self._world = world

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        self._world.spoken.append(text)
        async with aclosing(super().speak(text, voice)) as pieces:
            async for piece in pieces:
                yield piece


class _Overheard(ScriptedTranscriber):
    """Lets a test tell the session words of its own."""

    def __init__(self, world: World, texts: Sequence[str]) -> None:
        super().__init__(texts)
        self._world = world

    async def open(self, *, language: str, on_partial: PartialListener) -> ScriptedTranscription:
        self._world.session_understands = on_partial
        return await super().open(language=language, on_partial=on_partial)


def services_of(
    world: World, *, speech_ms: int = 1000, manners: Manners = MANNERS, texts: Sequence[str] = TEXTS
) -> CallServices:
    """What the session is given."""
    return CallServices(
        open_call=world.open_call,
        anticipate=world.anticipate,
        answer=world.answer,
        fold_past=world.fold_past,
        close_call=world.close_call,
        end_call=world.end_call,
        calls=world,  # type: ignore[arg-type]  # the session uses add_turn alone
        recordings=world,  # type: ignore[arg-type]  # the session uses put_part alone
        events=world,
        listen=world.listen,
        transcriber=_Overheard(world, texts),
        synthesizer=_Noted(world, speech_ms),
        detector=EnergyDetector(),
        timing=TurnTiming(start_ms=100, guarded_start_ms=400, pause_ms=200, stop_ms=300),
        manners=manners,
    )


@asynccontextmanager
async def call(
    world: World,
    *,
    speech_ms: int = 1000,
    manners: Manners = MANNERS,
    texts: Sequence[str] = TEXTS,
    sid: str = "CA1",
    ticket: StreamTicket = TICKET,
) -> AsyncGenerator[Caller, None]:
    """A call that is up; it is hung up at the end if nobody did before."""
    caller = world.caller = Caller(sid)
    services = services_of(world, speech_ms=speech_ms, manners=manners, texts=texts)
    serving = asyncio.create_task(serve_call(services, ticket, MediaTransport(caller)))
    await caller.start()
    yield caller
    await caller.hang_up()
    async with asyncio.timeout(10):
        await serving
