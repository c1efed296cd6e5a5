"""One call from its first frame to its last: ear, turn, answer, mouth."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from shared.domain.agent import HUMAN
from shared.domain.call import VOICE_CHANNEL, StreamTicket
from shared.domain.conversation import Speaker
from shared.domain.event import EventType, PlatformEvent
from shared.domain.json_value import JSON
from shared.domain.message import InboundMessage, MessageKind, Recipient, ReplyChunk
from shared.errors import PlatformError, SpeechUnavailable, StoreUnavailable
from shared.observability import logger
from shared.ports.stores import CallTurn
from shared.use_cases.open_call import OpenedCall
from stream_service.call_services import CallServices
from stream_service.listening.transcriber import TranscriptionStream
from stream_service.media.audio import duration_ms
from stream_service.media.protocol import Dtmf, Mark, Media, Start, Stop, StreamEvent
from stream_service.media.transport import MediaTransport
from stream_service.recording import RecordedSink, Recording
from stream_service.speaking.synthesizer import Voice
from stream_service.speaking.voice_channel import VoiceChannel
from stream_service.turn_taking import TurnEvent, TurnTaking

NOT_UNDERSTOOD = "I'm sorry, I didn't catch that. Could you say it again, please?"
TROUBLE = "I'm sorry, something went wrong on our side. Could you say that again, please?"
TIME_IS_NEARLY_UP = "Just so you know: this call can last one more minute."
TIME_IS_UP = "We have reached the longest time a call can take. Please call us again. Goodbye."
_WARNING_SECONDS = 60
_FAREWELL_SECONDS = 5
# Twilio says "start" at once; a socket that says nothing must not hold a place for ever.
_START_SECONDS = 10
CALLER_HUNG_UP = "caller_hung_up"
STREAM_LOST = "stream_lost"


async def serve_call(services: CallServices, ticket: StreamTicket, transport: MediaTransport) -> None:
    """Serve a call whose socket is open until either side hangs up; what was said is kept whatever happens."""
    reason, has_failed = "failure", True
    try:
        async with aclosing(transport.events()) as events:
            refused_for = await _start(events, ticket)
            if refused_for is None:
                reason = await _converse(services, ticket, transport, events)
                has_failed = reason == STREAM_LOST
            else:
                reason = refused_for
                await transport.refuse()
    except Exception:  # noqa: BLE001 - the call's entry point: whatever it was, the call is closed and kept
        logger.exception("call_failed", call_sid=ticket.call_sid)
    finally:
        await services.close_call(
            ticket.call_sid, slot=ticket.slot, reason=reason, has_failed=has_failed, caller_id=ticket.caller_id
        )


async def _start(events: AsyncGenerator[StreamEvent, None], ticket: StreamTicket) -> str | None:
    """Wait for the stream's start; None when it is of the call whose token let it in, else why it is not served."""
    try:
        async with asyncio.timeout(_START_SECONDS):
            async for event in events:
                if isinstance(event, Start):
                    return None if event.call_sid == ticket.call_sid else "wrong_call"
                if isinstance(event, Stop):
                    break
    except TimeoutError:
        logger.warning("stream_not_started", call_sid=ticket.call_sid)
    return "not_started"


async def _converse(
    services: CallServices,
    ticket: StreamTicket,
    transport: MediaTransport,
    events: AsyncGenerator[StreamEvent, None],
) -> str:
    """Run the conversation and return why it ended."""
    opened = await services.open_call(ticket)
    recording = Recording(opened.call, services.recordings, now=datetime.now(UTC))
    try:
        async with asyncio.TaskGroup() as tasks:
            session = CallSession(services, opened, ticket, transport, recording, tasks)
            return await session.run(events)
    finally:
        await recording.finish()


class CallSession:
    """The conversation of one call; all its tasks live in the group it is given and end with it.

    Per frame nothing happens but the calls in `_hear`: no task, no queue, no timer. Turns, remarks and parts of the
    recording are tasks.
    """

    def __init__(
        self,
        services: CallServices,
        opened: OpenedCall,
        ticket: StreamTicket,
        transport: MediaTransport,
        recording: Recording,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._services = services
        self._opened = opened
        self._ticket = ticket
        self._transport = transport
        self._recording = recording
        self._tasks = tasks
        self._turns = TurnTaking(services.timing)
        self._activity = services.detector.open()
        sink = RecordedSink(transport, recording.timeline)
        self._mouth = VoiceChannel(ticket.call_sid, sink, services.synthesizer, self._now_ms)
        self._speaking: asyncio.Task[None] | None = None
        self._unanswered = ""
        # A call that came back goes on behind what it had: same clock, and numbers that were not given before.
        elapsed = datetime.now(UTC) - opened.call.started_at
        self._offset_ms = max(0, round(elapsed.total_seconds() * 1000)) if ticket.resumes else 0
        self._count = 0
        self._turn_started_ms = 0
        self._speech_ended_at = 0.0
        self._end_reason = CALLER_HUNG_UP

    async def run(self, events: AsyncGenerator[StreamEvent, None]) -> str:
        """Talk until the stream is over; return why it ended."""
        for agent in self._opened.agents:
            self._mouth.use_voice(agent.id, Voice(name=agent.voice, language=agent.language))
        background = [self._tasks.create_task(self._transport.send_all())]
        background.append(self._tasks.create_task(self._watch_the_time()))
        greeter = self._opened.greeter
        ear = await self._services.transcriber.open(
            language="en-IN" if greeter is None else greeter.language, on_partial=self._tell_partial
        )
        if self._opened.greeting:
            self._speaking = self._tasks.create_task(self._remark(self._opened.greeting))
        try:
            async for event in events:
                if isinstance(event, Stop):
                    break
                self._handle(event, ear)
            else:
                # The caller is still on the line, and comes back through the recovery webhook.
                if self._transport.was_cut and self._end_reason == CALLER_HUNG_UP:
                    self._end_reason = STREAM_LOST
        finally:
            await self._fall_silent()
            await ear.aclose()
            for task in background:
                task.cancel()
        return self._end_reason

    def _handle(self, event: StreamEvent, ear: TranscriptionStream) -> None:
        match event:
            case Media():
                self._hear(event, ear)
            case Mark():
                self._mouth.played(event.name)
            case Dtmf():
                logger.info("key_pressed", call_sid=self._ticket.call_sid)

    def _hear(self, event: Media, ear: TranscriptionStream) -> None:
        mulaw = event.mulaw
        self._recording.timeline.hear_caller(mulaw, timestamp_ms=event.timestamp_ms)
        if part := self._recording.next_part():
            self._tasks.create_task(self._recording.keep(part))
        happened = self._turns.hear(
            self._activity.hear(mulaw), duration_ms=duration_ms(mulaw), agent_is_audible=self._mouth.is_audible
        )
        ear.feed(mulaw, is_speech=self._turns.hears_speech)
        if happened is not None:
            self._take_turn(happened, ear)

    def _take_turn(self, happened: TurnEvent, ear: TranscriptionStream) -> None:
        match happened:
            case TurnEvent.SPEECH_STARTED | TurnEvent.BARGE_IN:
                self._turn_started_ms = self._now_ms() - self._services.timing.start_ms
                self._mouth.interrupt()
            case TurnEvent.SPEECH_PAUSED:
                ear.pause()
            case TurnEvent.TURN_ENDED:
                self._speech_ended_at = time.perf_counter() - self._turns.silence_ms / 1000
                self._mouth.resume()
                self._speaking = self._tasks.create_task(self._answer(ear, self._speaking))

    async def _answer(self, ear: TranscriptionStream, previous: asyncio.Task[None] | None) -> None:
        """One turn of the caller, from the last word to the last heard word of the answer."""
        endpoint_ms = _since_ms(self._speech_ended_at)
        place: dict[str, JSON] = {"start_ms": self._turn_started_ms, "end_ms": self._now_ms() - endpoint_ms}
        try:
            started = time.perf_counter()
            transcript = await ear.finish_utterance()
            stages: dict[str, JSON] = {"endpoint": endpoint_ms, "transcript": _since_ms(started)}
            if previous is not None:
                await asyncio.wait({previous})
            text = f"{self._unanswered} {transcript.text}".strip()
            self._unanswered = ""
            if self._turns.caller_has_floor:
                # The caller has gone on speaking: what they said so far belongs to the turn that is now under way.
                self._unanswered = text
            elif text:
                await self._reply_to(self._message(text, {**place, "stages_ms": stages}))
        except SpeechUnavailable:
            logger.exception("speech_not_recognised", call_sid=self._ticket.call_sid)
            await self._remark(NOT_UNDERSTOOD)
        except PlatformError:
            logger.exception("turn_failed", call_sid=self._ticket.call_sid)
            await self._remark(TROUBLE)

    async def _reply_to(self, message: InboundMessage) -> None:
        answer = await self._services.answer(message, self._mouth)
        if answer is None or answer.delivery is None:
            return
        await self._tell(
            EventType.CALL_TURN,
            {"said": message.text, "heard": answer.delivery.text, "interrupted": answer.delivery.interrupted},
        )
        if answer.hand_over is not None and answer.hand_over.target == HUMAN and self._services.can_transfer:
            self._hang_up("transfer")

    async def _remark(self, text: str) -> None:
        """Say something that answers no question, and keep what was heard of it."""
        agent_id = "" if self._opened.greeter is None else self._opened.greeter.id
        position = self._next_place()
        recipient = Recipient(
            channel=VOICE_CHANNEL,
            user_id=self._ticket.caller_id,
            business_id=self._ticket.business_id,
            delivery_id=position,
        )
        delivery = await self._mouth.deliver(recipient, _one(ReplyChunk(text=text, agent_id=agent_id)))
        turn = CallTurn(
            call_sid=self._ticket.call_sid,
            conversation_id=self._opened.conversation.id,
            position=position,
            speaker=Speaker.AGENT,
            text=delivery.text,
            at=datetime.now(UTC),
            start_ms=_whole(delivery.attributes["start_ms"]),
            end_ms=_whole(delivery.attributes["end_ms"]),
            agent_id=agent_id or None,
            interrupted=delivery.interrupted,
        )
        try:
            await self._services.calls.add_turn(turn)
        except StoreUnavailable:
            logger.exception("remark_not_kept", call_sid=self._ticket.call_sid)

    async def _watch_the_time(self) -> None:
        """A call has a longest duration: warn a minute before, say goodbye at its end."""
        limit = self._services.call_limit_seconds
        if limit > _WARNING_SECONDS:
            await asyncio.sleep(limit - _WARNING_SECONDS)
            await self._interject(TIME_IS_NEARLY_UP)
        await asyncio.sleep(min(limit, _WARNING_SECONDS))
        await self._interject(TIME_IS_UP)
        self._hang_up("time_limit")

    async def _interject(self, text: str) -> None:
        """Say something of our own accord, once what is being said was heard."""
        while (speaking := self._speaking) is not None and not speaking.done():
            await asyncio.wait({speaking})
        self._speaking = speaking = self._tasks.create_task(self._remark(text))
        await asyncio.wait({speaking})

    def _hang_up(self, reason: str) -> None:
        self._end_reason = reason
        self._transport.close()

    async def _fall_silent(self) -> None:
        """Let the answer in progress end with what was heard of it, so that it is kept."""
        self._mouth.interrupt()
        if self._speaking is not None:
            await asyncio.wait({self._speaking}, timeout=_FAREWELL_SECONDS)
            self._speaking.cancel()

    def _next_place(self) -> str:
        """A name for the next turn that no other turn of the call has, not even one before the stream was lost."""
        self._count += 1
        stream = f":{self._offset_ms}" if self._offset_ms else ""
        return f"{self._ticket.call_sid}{stream}:{self._count}"

    def _message(self, text: str, attributes: dict[str, JSON]) -> InboundMessage:
        now = datetime.now(UTC)
        return InboundMessage(
            channel=VOICE_CHANNEL,
            user_id=self._ticket.caller_id,
            provider_message_id=self._next_place(),
            kind=MessageKind.SPEECH,
            text=text,
            business_id=self._ticket.business_id,
            sent_at=now,
            received_at=now,
            attributes={"call_sid": self._ticket.call_sid, **attributes},
        )

    def _now_ms(self) -> int:
        """The call's own clock: how much of the caller's audio has passed."""
        return self._offset_ms + self._recording.timeline.position_ms

    def _tell_partial(self, text: str) -> None:
        self._tasks.create_task(self._tell(EventType.CALL_PARTIAL, {"text": text}))

    async def _tell(self, kind: EventType, data: dict[str, JSON]) -> None:
        await self._services.events.publish(
            PlatformEvent(
                type=kind,
                at=datetime.now(UTC),
                conversation_id=self._opened.conversation.id,
                key=self._opened.conversation.key,
                data={"call_sid": self._ticket.call_sid, **data},
            )
        )


async def _one(chunk: ReplyChunk) -> AsyncGenerator[ReplyChunk, None]:
    yield chunk


def _whole(value: JSON) -> int:
    return value if isinstance(value, int) else 0


def _since_ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
