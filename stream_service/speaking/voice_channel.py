"""The outbound channel of a live call: reply chunks become speech, and what was heard becomes the delivery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

from shared.domain.json_value import JSON
from shared.domain.message import Delivery, Recipient, ReplyChunk
from shared.domain.voice import Voice
from shared.errors import ProviderUnavailable, SpeechUnavailable
from shared.observability import logger
from shared.ports.channel import ChannelCapabilities
from stream_service.media.audio import BYTES_PER_MS, AudioSink
from stream_service.speaking.playback import Piece, PlaybackLedger
from stream_service.speaking.sentences import SentenceSplitter
from stream_service.speaking.speech import Speech
from stream_service.speaking.synthesizer import Synthesizer

PIECE_MS = 250
_PIECE_BYTES = PIECE_MS * BYTES_PER_MS
# How much longer than its audio a reply may take to be acknowledged before we stop waiting for Twilio's marks.
_MARK_GRACE_MS = 5_000
_FILLERS_PER_REPLY = 2
_CLOSING_MS = 1_000


class VoiceChannel:
    """Speaks replies into one call, one reply at a time. Implements OutboundChannel.

    While the caller has the floor the channel holds its tongue: what Twilio has not played is dropped there and kept
    here. A caller who meant it has it given up (`interrupt`); when the caller is done it goes on (`go_on`).

    Args:
        filler: what to say when a reply is slow to come.
        filler_after_ms: silence of the agent in mid-reply after which it says so; 0 for never.
        apology: what to say when a reply cannot be spoken; best a sentence whose sound is kept.
    """

    capabilities = ChannelCapabilities(streams=True)

    def __init__(
        self,
        call_sid: str,
        sink: AudioSink,
        synthesizer: Synthesizer,
        clock_ms: Callable[[], int],
        *,
        filler: Callable[[], str] = str,
        filler_after_ms: int = 0,
        apology: Callable[[], str] = str,
    ) -> None:
        self._call_sid = call_sid
        self._sink = sink
        self._synthesizer = synthesizer
        self._clock_ms = clock_ms
        self._filler = filler
        self._filler_after_seconds = filler_after_ms / 1000
        self._apology = apology
        self._voices: dict[str, Voice] = {}
        self._language: str | None = None
        self._speech: Speech | None = None
        self._prepared: Speech | None = None
        self._ledger_changed = asyncio.Event()
        self._floor = asyncio.Event()
        self._floor.set()
        self._is_given_up = False
        self._is_cut_off = False
        self._awaited_since: float | None = None
        self._marks = 0

    def use_voice(self, agent_id: str, voice: Voice) -> None:
        """Let an agent speak with this voice from now on."""
        self._voices[agent_id] = voice

    def use_language(self, language: str) -> None:
        """Let all agents speak this language (BCP 47) from now on."""
        self._language = language

    @property
    def speech_ms(self) -> int:
        """How long the present reply has been sounding; 0 before its first sound."""
        speech = self._speech
        return 0 if speech is None or speech.started_at_ms is None else self._clock_ms() - speech.started_at_ms

    @property
    def is_audible(self) -> bool:
        """Whether Twilio may hold audio that the caller has not heard."""
        return self._speech is not None and not self._speech.ledger.is_drained

    @property
    def is_held(self) -> bool:
        """Whether the caller has the floor."""
        return not self._floor.is_set()

    @property
    def is_closing(self) -> bool:
        """Whether the caller has heard nearly all of a reply: an answer may come a little before its end."""
        speech = self._speech
        return speech is not None and speech.is_all_sent and speech.ledger.unheard_ms < _CLOSING_MS

    @property
    def spoken_text(self) -> str:
        """What is being said at the moment, as far as it was begun."""
        return "" if self._speech is None else self._speech.ledger.spoken_text

    def played(self, mark: str) -> None:
        """Twilio echoed a mark."""
        speech = self._speech
        if speech is not None and speech.ledger.played(mark, at_ms=self._clock_ms()):
            speech.quiet_since = time.perf_counter()
            self._ledger_changed.set()

    def hold(self) -> None:
        """The caller speaks: be silent at once, and keep what was not heard."""
        self._floor.clear()
        self._silence()

    def go_on(self) -> None:
        """The floor is free: say what was not heard, from the piece that was cut, unless it was given up."""
        speech = self._speech
        if speech is not None and not speech.interrupted.is_set():
            unheard = speech.ledger.thaw()
            if unheard:
                speech.tell("resumed")
            for piece in unheard:
                again = Piece(self._next_mark(), piece.audio)
                self._play(again)
                speech.ledger.sent_again(again, at_ms=self._clock_ms())
        self._floor.set()
        self._ledger_changed.set()

    def interrupt(self) -> None:
        """The caller meant it: a delivery in progress is given up and returns with what was heard."""
        self._silence()
        if self._speech is not None:
            self._speech.interrupted.set()
        else:
            self._is_given_up = True

    def cut_off(self) -> None:
        """The line is gone: a delivery of which nothing was heard fails, and may be made once the caller is back."""
        self._is_cut_off = True
        self.interrupt()
        self.go_on()

    def expect(self, *, awaited_since: float | None = None) -> None:
        """A reply is being sought: from now on an interruption is one of this reply, even before its first word.

        `awaited_since` is when it was known that the caller had finished (`time.perf_counter`); None: nobody asked.
        """
        self._is_given_up = False
        self._awaited_since = awaited_since

    def prepare(self, reply: AsyncGenerator[ReplyChunk, None]) -> None:
        """Begin to speak a reply that may never be wanted, as far as that goes without a sound.

        `deliver` with the same reply goes on from there; `drop_prepared` gives it up.
        """
        self._prepared = speech = Speech(reply)
        speech.task = asyncio.create_task(self._speak(speech), name="prepare-speech")

    def drop_prepared(self) -> None:
        """Forget what was prepared."""
        speech, self._prepared = self._prepared, None
        if speech is not None and speech.task is not None:
            speech.task.cancel()

    async def deliver(self, recipient: Recipient, reply: AsyncGenerator[ReplyChunk, None]) -> Delivery:
        """Speak the reply as it is written and return once it was heard, or the caller interrupted.

        Raises:
            SpeechUnavailable: nothing of it could be spoken.
            ProviderUnavailable: the line was lost before anything was heard.
        """
        speech = self._adopt(reply)
        if self._is_given_up:
            self._is_given_up = False
            await speech.end()
            return Delivery(text="", interrupted=True, attributes=self._place(None))
        self._speech = speech
        speaking = speech.task or asyncio.create_task(self._speak(speech), name=f"speak-{recipient.delivery_id}")
        speech.task = speaking
        filling = asyncio.create_task(self._fill_gaps(speech), name="fill-gaps")
        interrupted = asyncio.create_task(speech.interrupted.wait(), name="wait-for-interrupt")
        speech.begin(awaited_since=self._awaited_since)
        try:
            await asyncio.wait({speaking, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._silence()
            raise
        finally:
            for task in (filling, interrupted):
                task.cancel()
            try:
                await asyncio.gather(filling, interrupted, return_exceptions=True)
            finally:
                # Even if whoever waits is cancelled once more.
                self._speech = None
                await speech.end()
        was_interrupted = speech.interrupted.is_set()
        if not was_interrupted:
            speaking.result()
        text = speech.ledger.heard_text(is_complete=speech.is_all_sent)
        if self._is_cut_off and not text:
            message = "The line was lost before the caller heard anything."
            raise ProviderUnavailable(message)
        return Delivery(
            text=text,
            interrupted=was_interrupted,
            stages_ms=speech.stages_ms,
            attributes=self._place(speech.started_at_ms),
        )

    async def find_sent(self, _recipient: Recipient, _text: str) -> tuple[str, ...] | None:
        """What was said is said: a spoken reply is never looked for afterwards."""
        return ()

    def _adopt(self, reply: AsyncGenerator[ReplyChunk, None]) -> Speech:
        """The reply's speech: the prepared one if it is the same reply."""
        if self._prepared is not None and self._prepared.source is reply:
            speech, self._prepared = self._prepared, None
        else:
            self.drop_prepared()
            speech = Speech(reply)
        return speech

    async def _speak(self, speech: Speech) -> None:
        splitter = SentenceSplitter()
        voice = Voice()
        async with aclosing(speech.source) as chunks:
            async for chunk in chunks:
                voice = self._voice(chunk.agent_id)
                for sentence in splitter.push(chunk.text):
                    await self._say(speech, sentence, voice)
        for sentence in splitter.finish():
            await self._say(speech, sentence, voice)
        speech.is_all_sent = True
        await self._heard(speech.ledger)

    def _voice(self, agent_id: str) -> Voice:
        voice = self._voices.get(agent_id, Voice())
        return voice if self._language is None else Voice(name=voice.name, language=self._language)

    async def _say(self, speech: Speech, text: str, voice: Voice) -> None:
        speech.word()
        async with speech.turn:
            try:
                await self._utter(speech, text, voice)
            except SpeechUnavailable:
                logger.exception("sentence_not_spoken")
                if speech.started_at_ms is not None:
                    return
                # Nothing at all was heard yet. Should the apology fail too, the call itself has to be rescued.
                await self._utter(speech, self._apology(), voice)

    async def _utter(self, speech: Speech, text: str, voice: Voice, *, counts: bool = True) -> None:
        """Send one sentence, in pieces that are each followed by a mark.

        Raises:
            SpeechUnavailable: the engine gave up before the sentence's end.
        """
        buffer = bytearray()
        speech.ledger.begin_sentence(text if counts else "")
        try:
            async with aclosing(self._synthesizer.speak(text, voice)) as pieces:
                async for piece in pieces:
                    buffer += piece
                    while len(buffer) >= _PIECE_BYTES:
                        await self._send(speech, bytes(buffer[:_PIECE_BYTES]), counts=counts)
                        del buffer[:_PIECE_BYTES]
        except SpeechUnavailable:
            if buffer:
                await self._send(speech, bytes(buffer), counts=counts)
            speech.ledger.break_off_sentence()
            raise
        if buffer:
            await self._send(speech, bytes(buffer), counts=counts)

    async def _send(self, speech: Speech, mulaw: bytes, *, counts: bool) -> None:
        """Let the caller hear it, once the reply is wanted and nobody else speaks."""
        while not (speech.may_begin.is_set() and self._floor.is_set()):
            await speech.may_begin.wait()
            await self._floor.wait()
        if speech.interrupted.is_set():
            return  # What comes late must not be heard behind the `clear`.
        piece = Piece(self._next_mark(), mulaw)
        speech.sound(at_ms=self._clock_ms(), is_answer=counts)
        self._play(piece)
        speech.ledger.sent(piece, at_ms=self._clock_ms())

    def _play(self, piece: Piece) -> None:
        self._sink.play(piece.audio)
        self._sink.mark(piece.mark)

    def _next_mark(self) -> str:
        self._marks += 1
        return f"m{self._marks}"

    async def _fill_gaps(self, speech: Speech) -> None:
        """Where the next sentence is slow to come, say that it will: a dead line makes callers hang up."""
        fillers = 0
        while self._filler_after_seconds and fillers < _FILLERS_PER_REPLY:
            quiet_seconds = time.perf_counter() - speech.quiet_since
            if quiet_seconds < self._filler_after_seconds:
                await asyncio.sleep(self._filler_after_seconds - quiet_seconds)
            elif self.is_held or not speech.waits_for_words:
                await asyncio.sleep(self._filler_after_seconds)
            else:
                fillers += 1
                speech.tell("filler")
                async with speech.turn:
                    with suppress(SpeechUnavailable):
                        await self._utter(speech, self._filler(), self._voice(""), counts=False)

    def _silence(self) -> None:
        if self.is_audible and self._speech is not None:
            # First, for nothing that is echoed from now on was played.
            self._speech.tell("silenced")
            self._speech.ledger.freeze(at_ms=self._clock_ms())
            self._sink.clear()

    def _place(self, started_at_ms: int | None) -> dict[str, JSON]:
        """Where the speech stands in the call's recording."""
        now_ms = self._clock_ms()
        start_ms = now_ms if started_at_ms is None else started_at_ms
        return {"call_sid": self._call_sid, "start_ms": start_ms, "end_ms": max(start_ms, now_ms)}

    async def _heard(self, ledger: PlaybackLedger) -> None:
        """Wait until everything was played; if Twilio's marks fail to come, no longer than the audio can last."""
        while self.is_held or not ledger.is_drained:
            self._ledger_changed.clear()
            if self.is_held:
                await self._floor.wait()
                continue
            try:
                async with asyncio.timeout((ledger.outstanding_ms + _MARK_GRACE_MS) / 1000):
                    await self._ledger_changed.wait()
            except TimeoutError:
                logger.warning("marks_missing", outstanding_ms=ledger.outstanding_ms)
                return
