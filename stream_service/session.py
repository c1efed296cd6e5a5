"""One call from its first frame to its last: ear, turn, answer, mouth."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any

from shared.domain.conversation import ConversationStatus
from shared.domain.event import EventType, PlatformEvent
from shared.domain.json_value import JSON
from shared.domain.spoken.fixed_sentences import SentenceKind
from shared.domain.voice import Voice
from shared.errors import SpeechUnavailable
from shared.observability import count, logger
from shared.use_cases.open_call import OpenedCall
from stream_service.answering import Answering
from stream_service.attendant import SPEECH_LOST, Attendant
from stream_service.call_record import CallRecord
from stream_service.call_services import CallServices
from stream_service.incoming import IncomingStream
from stream_service.interruption import is_meant
from stream_service.listening.transcriber import TranscriptionStream
from stream_service.media.audio import duration_ms as media_ms
from stream_service.media.protocol import Dtmf, Mark, Media, StreamEvent
from stream_service.media.transport import MediaTransport
from stream_service.recording import RecordedSink, Recording
from stream_service.remarks import Remarks
from stream_service.responding import Responding
from stream_service.speaking.voice_channel import VoiceChannel
from stream_service.takeover import Takeover
from stream_service.turn_taking import AgentVoice, TurnEvent, TurnTaking

_FAREWELL_SECONDS = 5
_LOOK_EVERY_MS = 200
# So much speech without a word that the recogniser knows is a television or a street.
_NOISE_MS = 5000
CALLER_HUNG_UP = "caller_hung_up"
STREAM_LOST = "stream_lost"
LOST = frozenset({STREAM_LOST, SPEECH_LOST})
"""Ends that nobody wanted: the caller is still on the line and comes back."""


class CallSession:
    """The conversation of one call; all its tasks live in the group it is given and end with it.

    Per frame nothing happens but the calls in `_hear`: no task, no queue, no timer. Turns, remarks and parts of the
    recording are tasks.
    """

    def __init__(
        self,
        services: CallServices,
        opened: OpenedCall,
        record: CallRecord,
        transport: MediaTransport,
        recording: Recording,
        ear: TranscriptionStream,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._services = services
        self._opened = opened
        self._transport = transport
        self._recording = recording
        self._tasks = tasks
        self._record = record
        self._turns = TurnTaking(services.timing)
        self._activity = services.detector.open(self._judge)
        self._ear = ear
        self._mouth = VoiceChannel(
            record.call_sid,
            RecordedSink(transport, recording.timeline),
            services.synthesizer,
            self._record.now_ms,
            filler=lambda: self._record.sentence(SentenceKind.FILLER),
            filler_after_ms=services.manners.filler_after_ms,
            apology=lambda: self._record.sentence(SentenceKind.TROUBLE),
        )
        # Whoever speaks holds it: one answer or remark after the other.
        self._order = asyncio.Lock()
        self._remarks = Remarks(self._record, self._mouth, services.calls)
        self._attendant = Attendant(
            services,
            self._record,
            self._remarks,
            self._order,
            take_keys=self._take_keys,
            start=self._speak_up,
            close=transport.close,
        )
        self._takeover = Takeover(self._attendant, self._order, hush=self._hush, start=self._speak_up)
        self._answering = Answering(
            services,
            self._record,
            self._mouth,
            self._order,
            give_to_person=self._attendant.give_to_person,
            on_takeover=self._takeover.begin,
            conclude=self._attendant.conclude,
            start=tasks.create_task,
        )
        self._responding = Responding(
            self._record,
            self._ear,
            self._mouth,
            self._remarks,
            answering=self._answering,
            attendant=self._attendant,
            is_cut_off=lambda: transport.was_cut,
            start=tasks.create_task,
        )
        self._speaking: set[asyncio.Task[None]] = set()
        self._greeting: asyncio.Task[None] | None = None
        self._next_look_ms = 0
        self._unjudged_ms = 0
        self._partial = ""
        self._unanswered = ""
        self._being_recognised = 0
        self._turn_started_ms = 0
        self._speech_ended_at = 0.0

    async def run(self, stream: IncomingStream) -> str:
        """Talk until the stream is over; return why it ended."""
        for agent in self._opened.agents:
            self._mouth.use_voice(agent.id, Voice(name=agent.voice, language=agent.language))
        elapsed_seconds = self._record.now_ms() // 1000
        rest_seconds = max(0, self._services.manners.call_limit_seconds - elapsed_seconds)
        watch = self._tasks.create_task(self._attendant.watch_the_time(rest_seconds))
        self._greeting = self._speak_up(self._greet())
        stream.listen(self._on_event)
        stop_listening = self._services.listen(self._record.conversation_id, self._in_this_context())
        try:
            await stream.over()
        finally:
            stop_listening()
            watch.cancel()
            self._activity.close()
            await self._fall_silent()
            self._attendant.stop()
        if self._attendant.end_reason is not None:
            return self._attendant.end_reason
        # A caller who is still on the line comes back through the recovery webhook.
        return STREAM_LOST if self._transport.was_cut else CALLER_HUNG_UP

    def _on_event(self, event: StreamEvent) -> None:
        match event:
            case Media():
                self._hear(event)
            case Mark():
                self._mouth.played(event.name)
            case Dtmf():
                self._attendant.press(event.digit, self._record.now_ms())

    def _hear(self, event: Media) -> None:
        mulaw = event.mulaw
        self._recording.timeline.hear_caller(mulaw, timestamp_ms=event.timestamp_ms)
        self._ear.feed(mulaw, is_speech=self._turns.hears_speech)
        self._unjudged_ms += media_ms(mulaw)
        self._activity.hear(mulaw)

    def _judge(self, probability: float, duration_ms: int) -> None:
        """The detector has judged the next of the caller's audio."""
        self._unjudged_ms -= duration_ms
        happened = self._turns.hear(probability, duration_ms=duration_ms, agent=self._agent_voice())
        if happened is not None:
            self._take_turn(happened)
        now_ms = self._record.now_ms()
        if now_ms >= self._next_look_ms:
            self._next_look_ms = now_ms + _LOOK_EVERY_MS
            self._look_around(now_ms)

    def _look_around(self, now_ms: int) -> None:
        """See to what needs no more than a few looks a second."""
        is_noise = not self._partial and self._turns.speech_ms >= _NOISE_MS
        if is_noise and self._mouth.is_held and self._order.locked():
            self._end_interruption(is_meant=False)
        if part := self._recording.next_part():
            self._tasks.create_task(self._recording.keep(part))
        self._attendant.tick(
            now_ms,
            caller_speaks=self._turns.caller_has_floor,
            agent_audible=self._mouth.is_audible,
            is_working=self._order.locked() or self._being_recognised > 0,
        )

    def _agent_voice(self) -> AgentVoice:
        if not self._mouth.is_audible:
            return AgentVoice.SILENT
        if self._greeting is None or self._greeting.done():
            return AgentVoice.AUDIBLE
        greeter = self._opened.greeter
        if greeter is not None and not greeter.greeting_interruptible:
            return AgentVoice.UNINTERRUPTIBLE
        is_early = self._mouth.speech_ms < self._services.manners.greeting_guard_ms
        return AgentVoice.GUARDED if is_early else AgentVoice.AUDIBLE

    def _take_turn(self, happened: TurnEvent) -> None:
        match happened:
            case TurnEvent.SPEECH_STARTED | TurnEvent.BARGE_IN:
                self._turn_started_ms = max(0, self._record.now_ms() - self._unjudged_ms - self._turns.speech_ms)
                self._partial = ""
                self._take_floor()
            case TurnEvent.SPEECH_PAUSED:
                self._ear.pause()
            case TurnEvent.SPEECH_RESUMED:
                self._answering.drop_guess()
            case TurnEvent.TURN_ENDED:
                # What the detector has not judged yet was heard all the same: it is part of the caller's waiting.
                self._speech_ended_at = time.perf_counter() - (self._turns.silence_ms + self._unjudged_ms) / 1000
                self._speak_up(self._finish_turn())

    def _take_floor(self) -> None:
        """The caller speaks, so the agent does not, unless it has to be heard out."""
        if self._agent_voice() is not AgentVoice.UNINTERRUPTIBLE:
            self._mouth.hold()

    def understand(self, text: str) -> None:
        """The recogniser knows words of the turn that is under way."""
        if text != self._partial:
            self._partial = text
            self._tasks.create_task(self._record.tell(EventType.CALL_PARTIAL, {"text": text}))
        if self._order.locked() and self._turns.caller_has_floor and self._is_meant(text):
            self._take_floor()
            if self._mouth.is_held:
                self._mouth.interrupt()
        if self._turns.is_paused and text and not self._attendant.is_silenced:
            self._answering.anticipate(self._with_unanswered(text))

    async def _finish_turn(self) -> None:
        """One turn of the caller, from the last word to the last heard word of the answer."""
        endpoint_ms = _since_ms(self._speech_ended_at)
        start_ms, end_ms = self._turn_started_ms, self._record.now_ms() - endpoint_ms
        started = time.perf_counter()
        self._being_recognised += 1
        try:
            transcript = await self._ear.finish_utterance()
        except SpeechUnavailable:
            logger.exception("speech_not_recognised", call_sid=self._record.call_sid)
            self._attendant.stay()
            self._end_interruption(is_meant=True)
            await self._attendant.remark(SentenceKind.NOT_UNDERSTOOD)
            return
        finally:
            self._being_recognised -= 1
        text = self._with_unanswered(transcript.text)
        self._unanswered = ""
        if self._turns.caller_has_floor:
            # The caller has gone on speaking: what they said so far belongs to the turn that is now under way.
            self._unanswered = text
            return
        # Where nothing was being said or sought, even an "uh-huh" is an answer.
        is_meant = self._is_meant(text) if self._mouth.is_held and self._order.locked() else bool(text)
        self._end_interruption(is_meant=is_meant)
        if is_meant:
            async with self._order:
                stages: dict[str, JSON] = {"endpoint": endpoint_ms, "transcript": _since_ms(started)}
                await self._responding.respond(text, start_ms=start_ms, end_ms=end_ms, attributes={"stages_ms": stages})

    def _end_interruption(self, *, is_meant: bool) -> None:
        """The caller is done: what the agent was saying is given up, or goes on after a cough, an echo, an "uh-huh"."""
        if is_meant and self._mouth.is_held:
            self._mouth.interrupt()
        elif self._mouth.is_held and self._order.locked():
            count("false_interruptions")
            logger.info("interruption_not_meant", call_sid=self._record.call_sid)
        self._mouth.go_on()

    def _take_keys(self, keyed: str) -> None:
        """What was keyed in is a turn as if it had been said, and ends whatever the agent was saying."""
        self._take_floor()
        self._end_interruption(is_meant=True)
        self._speak_up(self._respond_to_keys(keyed, self._record.now_ms()))

    async def _respond_to_keys(self, keyed: str, at_ms: int) -> None:
        async with self._order:
            await self._responding.respond(keyed, start_ms=at_ms, end_ms=at_ms, attributes={"input": "keypad"})

    def _in_this_context(self) -> Callable[[PlatformEvent], None]:
        """What happens elsewhere is told from there; the tasks and logs that follow belong to this call."""
        context = copy_context()
        return lambda event: context.run(self._takeover.on_event, event)

    def _hush(self) -> None:
        """Give up what the agent says or is about to say."""
        self._answering.drop_guess()
        self._mouth.interrupt()

    async def _greet(self) -> None:
        """Greet the caller, and answer what a lost stream left unanswered."""
        async with self._order:
            if self._opened.conversation.status is ConversationStatus.HUMAN:
                # The stream was lost after a person had taken over.
                self._takeover.begin()
            elif self._opened.greeting:
                await self._attendant.say_now(self._opened.greeting)
            if self._opened.unanswered is not None:
                await self._responding.answer(self._opened.unanswered)

    def _is_meant(self, text: str) -> bool:
        return is_meant(
            text,
            language=self._record.language,
            spoken=self._mouth.spoken_text,
            is_closing=self._mouth.is_closing,
            min_words=self._services.manners.interruption_min_words,
        )

    def _with_unanswered(self, text: str) -> str:
        return f"{self._unanswered} {text}".strip()

    def _speak_up(self, saying: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task that speaks; when the call ends it may still keep what was heard."""
        task = self._tasks.create_task(saying)
        self._speaking.add(task)
        task.add_done_callback(self._speaking.discard)
        return task

    async def _fall_silent(self) -> None:
        """Let the answer in progress end with what was heard of it, so that it is kept."""
        self._answering.drop_guess()
        if self._transport.was_cut:
            self._mouth.cut_off()
        self._mouth.interrupt()
        self._mouth.go_on()
        if self._speaking:
            _, late = await asyncio.wait(self._speaking, timeout=_FAREWELL_SECONDS)
            for task in late:
                task.cancel()


def _since_ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
