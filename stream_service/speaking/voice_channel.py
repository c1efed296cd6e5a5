"""The outbound channel of a live call: reply chunks become speech, and what was heard becomes the delivery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from shared.domain.json_value import JSON
from shared.domain.message import Delivery, Recipient, ReplyChunk
from shared.errors import SpeechUnavailable
from shared.observability import logger
from shared.ports.channel import ChannelCapabilities
from stream_service.media.audio import BYTES_PER_MS, AudioSink, duration_ms
from stream_service.speaking.playback import PlaybackLedger
from stream_service.speaking.sentences import SentenceSplitter
from stream_service.speaking.synthesizer import Synthesizer, Voice

PIECE_MS = 250
_PIECE_BYTES = PIECE_MS * BYTES_PER_MS
# How much longer than its audio a reply may take to be acknowledged before we stop waiting for Twilio's marks.
_MARK_GRACE_MS = 5_000


@dataclass(slots=True)
class _Speech:
    """One delivery as it goes."""

    ledger: PlaybackLedger = field(default_factory=PlaybackLedger)
    stages_ms: dict[str, int] = field(default_factory=dict)
    started_at_ms: int | None = None
    is_all_sent: bool = False
    _began: float = field(default_factory=time.perf_counter)

    @property
    def elapsed_ms(self) -> int:
        return round((time.perf_counter() - self._began) * 1000)


class VoiceChannel:
    """Speaks replies into one call, one reply at a time. Implements OutboundChannel."""

    capabilities = ChannelCapabilities(streams=True)

    def __init__(self, call_sid: str, sink: AudioSink, synthesizer: Synthesizer, clock_ms: Callable[[], int]) -> None:
        self._call_sid = call_sid
        self._sink = sink
        self._synthesizer = synthesizer
        self._clock_ms = clock_ms
        self._voices: dict[str, Voice] = {}
        self._speech = _Speech()
        self._ledger_changed = asyncio.Event()
        self._interrupted = asyncio.Event()
        self._marks = 0

    def use_voice(self, agent_id: str, voice: Voice) -> None:
        """Let an agent speak with this voice from now on."""
        self._voices[agent_id] = voice

    @property
    def is_audible(self) -> bool:
        """Whether Twilio may hold audio that the caller has not heard."""
        return not self._speech.ledger.is_drained

    def played(self, mark: str) -> None:
        """Twilio echoed a mark."""
        if self._speech.ledger.played(mark, at_ms=self._clock_ms()):
            self._ledger_changed.set()

    def interrupt(self) -> None:
        """Be silent from now on: what Twilio holds is dropped, a delivery in progress returns with what was heard."""
        if self.is_audible:
            self._sink.clear()
            self._speech.ledger.freeze(at_ms=self._clock_ms())
        self._interrupted.set()
        self._ledger_changed.set()

    def resume(self) -> None:
        """The floor is free again: the next delivery may be heard."""
        self._interrupted.clear()

    async def deliver(self, recipient: Recipient, reply: AsyncGenerator[ReplyChunk, None]) -> Delivery:
        """Speak the reply as it is written and return once it was heard, or the caller interrupted."""
        self._speech = speech = _Speech()
        speaking = asyncio.create_task(self._speak(speech, reply), name=f"speak-{recipient.delivery_id}")
        interrupted = asyncio.create_task(self._interrupted.wait(), name="wait-for-interrupt")
        try:
            await asyncio.wait({speaking, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (speaking, interrupted):
                task.cancel()
            await asyncio.gather(speaking, interrupted, return_exceptions=True)
            await reply.aclose()
        was_interrupted = self._interrupted.is_set()
        if not was_interrupted:
            speaking.result()
        return Delivery(
            text=speech.ledger.heard_text(is_complete=speech.is_all_sent),
            interrupted=was_interrupted,
            stages_ms=speech.stages_ms,
            attributes=self._place(speech.started_at_ms),
        )

    async def find_sent(self, _recipient: Recipient, _text: str) -> tuple[str, ...] | None:
        """What was said is said: a spoken reply is never looked for afterwards."""
        return ()

    async def _speak(self, speech: _Speech, reply: AsyncGenerator[ReplyChunk, None]) -> None:
        splitter = SentenceSplitter()
        voice = Voice()
        async for chunk in reply:
            voice = self._voices.get(chunk.agent_id, Voice())
            for sentence in splitter.push(chunk.text):
                await self._say(speech, sentence, voice)
        for sentence in splitter.finish():
            await self._say(speech, sentence, voice)
        speech.is_all_sent = True
        await self._heard(speech.ledger)

    async def _say(self, speech: _Speech, text: str, voice: Voice) -> None:
        """Send one sentence, in pieces that are each followed by a mark."""
        speech.stages_ms.setdefault("reply", speech.elapsed_ms)
        speech.ledger.begin_sentence(text)
        buffer = bytearray()
        try:
            async with aclosing(self._synthesizer.speak(text, voice)) as pieces:
                async for piece in pieces:
                    speech.stages_ms.setdefault("speech", speech.elapsed_ms - speech.stages_ms["reply"])
                    buffer += piece
                    while len(buffer) >= _PIECE_BYTES:
                        self._send(speech, bytes(buffer[:_PIECE_BYTES]))
                        del buffer[:_PIECE_BYTES]
        except SpeechUnavailable:
            logger.exception("sentence_not_spoken")
        if buffer:
            self._send(speech, bytes(buffer))

    def _send(self, speech: _Speech, mulaw: bytes) -> None:
        if speech.started_at_ms is None:
            speech.started_at_ms = self._clock_ms()
        self._marks += 1
        mark = f"m{self._marks}"
        self._sink.play(mulaw)
        self._sink.mark(mark)
        speech.ledger.sent(mark, duration_ms=duration_ms(mulaw), at_ms=self._clock_ms())

    def _place(self, started_at_ms: int | None) -> dict[str, JSON]:
        """Where the speech stands in the call's recording."""
        now_ms = self._clock_ms()
        start_ms = now_ms if started_at_ms is None else started_at_ms
        return {"call_sid": self._call_sid, "start_ms": start_ms, "end_ms": max(start_ms, now_ms)}

    async def _heard(self, ledger: PlaybackLedger) -> None:
        """Wait until everything was played; if Twilio's marks fail to come, no longer than the audio can last."""
        while not ledger.is_drained:
            self._ledger_changed.clear()
            try:
                async with asyncio.timeout((ledger.outstanding_ms + _MARK_GRACE_MS) / 1000):
                    await self._ledger_changed.wait()
            except TimeoutError:
                logger.warning("marks_missing", outstanding_ms=ledger.outstanding_ms)
                return
