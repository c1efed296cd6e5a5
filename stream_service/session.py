"""One call from its first frame to its last: ear, turn, answer, mouth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from contextvars import copy_context
from typing import Any, ParamSpec

from shared import tracing
from shared.domain.conversation import ConversationStatus
from shared.domain.event import EventType
from shared.domain.spoken.fixed_sentences import SentenceKind
from shared.domain.voice import Voice
from shared.errors import SpeechUnavailable
from shared.observability import logger
from shared.use_cases.open_call import OpenedCall
from stream_service.answering import Answering
from stream_service.attendant import SPEECH_LOST, Attendant
from stream_service.call_record import CallRecord
from stream_service.call_services import CallServices
from stream_service.caller_turn import CallerTurn, TurnOutcome
from stream_service.floor import Floor
from stream_service.incoming import IncomingStream
from stream_service.listening.transcriber import TranscriptionStream
from stream_service.media.audio import duration_ms as media_ms
from stream_service.media.protocol import Dtmf, Mark, Media, StreamEvent
from stream_service.media.transport import MediaTransport
from stream_service.recording import RecordedSink, Recording
from stream_service.remarks import Remarks
from stream_service.responding import Responding
from stream_service.speaking.voice_channel import VoiceChannel
from stream_service.takeover import Takeover
from stream_service.turn_taking import TurnEvent, TurnTaking

Told = ParamSpec("Told")

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
        self._context = copy_context()
        self._activity = services.detector.open(self._in_call(self._judge))
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
        self._floor = Floor(record, self._mouth, self._order, services.manners, opened.greeter)
        self._speaking: set[asyncio.Task[None]] = set()
        self._next_look_ms = 0
        self._unjudged_ms = 0
        self._partial = ""
        self._unanswered = ""
        self._being_recognised = 0
        self._turn: CallerTurn | None = None

    async def run(self, stream: IncomingStream) -> str:
        """Talk until the stream is over; return why it ended."""
        for agent in self._opened.agents:
            self._mouth.use_voice(agent.id, Voice(name=agent.voice, language=agent.language))
        elapsed_seconds = self._record.now_ms() // 1000
        rest_seconds = max(0, self._services.manners.call_limit_seconds - elapsed_seconds)
        watch = self._tasks.create_task(self._attendant.watch_the_time(rest_seconds))
        self._floor.open_with(self._speak_up(self._greet()))
        stream.listen(self._in_call(self._on_event))
        stop_listening = self._services.listen(self._record.conversation_id, self._in_call(self._takeover.on_event))
        try:
            await stream.over()
        finally:
            stop_listening()
            watch.cancel()
            self._activity.close()
            self._give_up_turn()
            await self._fall_silent()
            self._attendant.stop()
        if self._attendant.end_reason is not None:
            return self._attendant.end_reason
        # A caller who is still on the line comes back through the recovery webhook.
        return STREAM_LOST if self._transport.was_cut else CALLER_HUNG_UP

    def _in_call(self, callback: Callable[Told, None]) -> Callable[Told, None]:
        """Engines and sockets call back from anywhere: the tasks, logs and spans that follow belong to this call."""

        def within(*told: Told.args, **named: Told.kwargs) -> None:
            self._context.copy().run(callback, *told, **named)

        return within

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
        happened = self._turns.hear(probability, duration_ms=duration_ms, agent=self._floor.agent_voice)
        if happened is not None:
            self._take_turn(happened)
        now_ms = self._record.now_ms()
        if now_ms >= self._next_look_ms:
            self._next_look_ms = now_ms + _LOOK_EVERY_MS
            self._look_around(now_ms)

    def _look_around(self, now_ms: int) -> None:
        """See to what needs no more than a few looks a second."""
        is_noise = not self._partial and self._turns.speech_ms >= _NOISE_MS
        if is_noise and self._floor.is_disputed:
            self._floor.give_back(is_meant=False)
        if part := self._recording.next_part():
            self._tasks.create_task(self._recording.keep(part))
        self._attendant.tick(
            now_ms,
            caller_speaks=self._turns.caller_has_floor,
            agent_audible=self._mouth.is_audible,
            is_working=self._order.locked() or self._being_recognised > 0,
        )

    def _take_turn(self, happened: TurnEvent) -> None:
        match happened:
            case TurnEvent.SPEECH_STARTED | TurnEvent.BARGE_IN:
                start_ms = max(0, self._record.now_ms() - self._unjudged_ms - self._turns.speech_ms)
                self._turn = CallerTurn(start_ms=start_ms, kind="speech", is_barge_in=happened is TurnEvent.BARGE_IN)
                self._partial = ""
                self._floor.take()
            case TurnEvent.SPEECH_PAUSED:
                self._ear.pause()
            case TurnEvent.SPEECH_RESUMED:
                self._answering.drop_guess()
            case TurnEvent.TURN_ENDED:
                self._end_turn()

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            # What the detector has not judged yet was heard all the same: it is part of the caller's waiting.
            silent_ms = self._turns.silence_ms + self._unjudged_ms
            turn.finished(now_ms=self._record.now_ms(), silent_ms=silent_ms)
            self._deal_with(turn, self._finish_turn(turn))

    def _give_up_turn(self) -> None:
        """The call is over in the middle of what the caller was saying."""
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.close()

    def _deal_with(self, turn: CallerTurn, dealing: Coroutine[Any, Any, None]) -> None:
        """Start what deals with a turn; the turn ends with it, even if it is cancelled before it begins."""
        with turn.active():
            task = self._speak_up(dealing)
        task.add_done_callback(turn.close)

    def understand(self, text: str) -> None:
        """The recogniser knows words of the turn that is under way."""
        if text != self._partial:
            self._partial = text
            self._tasks.create_task(self._record.tell(EventType.CALL_PARTIAL, {"text": text}))
        if self._order.locked() and self._turns.caller_has_floor and self._floor.is_meant(text):
            self._floor.interrupt()
        if self._turn is not None and self._turns.is_paused and text and not self._attendant.is_silenced:
            with self._turn.active():
                self._answering.anticipate(self._with_unanswered(text))

    async def _finish_turn(self, turn: CallerTurn) -> None:
        """One turn of the caller, from the last word to the last heard word of the answer."""
        self._being_recognised += 1
        try:
            with tracing.span("listen"):
                transcript = await self._ear.finish_utterance()
        except SpeechUnavailable:
            logger.exception("speech_not_recognised", call_sid=self._record.call_sid)
            turn.outcome = TurnOutcome.NOT_RECOGNISED
            self._attendant.stay()
            self._floor.give_back(is_meant=True)
            await self._attendant.remark(SentenceKind.NOT_UNDERSTOOD)
            return
        finally:
            self._being_recognised -= 1
        text = self._with_unanswered(transcript.text)
        self._unanswered = ""
        if self._turns.caller_has_floor:
            # The caller has gone on speaking: what they said so far belongs to the turn that is now under way.
            self._unanswered = text
            turn.outcome = TurnOutcome.CONTINUED
            return
        # Where nothing was being said or sought, even an "uh-huh" is an answer.
        is_meant = self._floor.is_meant(text) if self._floor.is_disputed else bool(text)
        self._floor.give_back(is_meant=is_meant)
        if not is_meant:
            turn.outcome = TurnOutcome.NOT_MEANT
            return
        async with self._order:
            turn.understood()
            await self._responding.respond(text, turn, attributes={"stages_ms": {**turn.stages_ms}})

    def _take_keys(self, keyed: str) -> None:
        """What was keyed in is a turn as if it had been said, and ends whatever the agent was saying."""
        self._floor.take()
        self._floor.give_back(is_meant=True)
        turn = CallerTurn(start_ms=self._record.now_ms(), kind="keypad")
        turn.finished(now_ms=turn.start_ms, silent_ms=0)
        self._deal_with(turn, self._respond_to_keys(keyed, turn))

    async def _respond_to_keys(self, keyed: str, turn: CallerTurn) -> None:
        async with self._order:
            await self._responding.respond(keyed, turn, attributes={"input": "keypad"})

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
                with tracing.span("greeting"):
                    await self._attendant.say_now(self._opened.greeting)
            if self._opened.unanswered is not None:
                turn = CallerTurn(start_ms=self._record.now_ms(), kind="left_unanswered")
                with closing(turn), turn.active():
                    await self._responding.answer(self._opened.unanswered, turn)

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
