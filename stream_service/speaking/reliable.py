"""A synthesizer that outlives its engines: a second try, another engine, and sentences it knows by heart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from shared.adapters.circuit import Circuit
from shared.adapters.warm_up import warm_up_all
from shared.domain.voice import DEFAULT_VOICE, Voice
from shared.errors import SpeechRefused, SpeechUnavailable
from shared.observability import count, logger
from stream_service.media.audio import BYTES_PER_MS
from stream_service.speaking.remembered import RememberedSpeech
from stream_service.speaking.sentences import SentenceSplitter
from stream_service.speaking.synthesizer import Synthesizer

_TRIES = 2
# A beginning so short is a stutter when the sentence is said again; a longer one would be heard as a repetition.
_STUTTER_BYTES = 300 * BYTES_PER_MS
_PREPARATION_SECONDS = 20.0


class _Outcome(Enum):
    """How a try to say a sentence ended."""

    SAID = auto()
    FAILED = auto()
    TOO_SLOW = auto()
    REFUSED = auto()
    CUT_SHORT = auto()


@dataclass(slots=True, kw_only=True)
class _Engine:
    name: str
    synthesizer: Synthesizer
    circuit: Circuit = field(default_factory=Circuit)


@dataclass(slots=True, kw_only=True)
class _Sentence:
    """A sentence on its way. `audio` is of the present try; `sent_bytes` of all of them."""

    text: str
    voice: Voice
    first_piece_by: float
    audio: bytearray = field(default_factory=bytearray)
    sent_bytes: int = 0
    outcome: _Outcome = _Outcome.FAILED


class ReliableSynthesizer:
    """Implements Synthesizer over several, the preferred one first.

    Before its first sound a sentence is tried again: once on the same engine when it failed, on the next when it was
    too slow or refused. Once 300 ms are out, it cannot be mended. An engine that keeps failing is skipped for a while.

    Args:
        engines: by the name they have in logs and metrics.
        fixed_sentences: what the platform itself says; spoken at warm-up in the default voice, and kept.
        first_piece_seconds: an engine that has not begun by then is given up.
        longest_silence_seconds: all tries for one sentence together.
    """

    def __init__(
        self,
        engines: Mapping[str, Synthesizer],
        *,
        fixed_sentences: Sequence[str] = (),
        first_piece_seconds: float = 2.0,
        longest_silence_seconds: float = 5.0,
        remembered: RememberedSpeech | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engines = tuple(_Engine(name=name, synthesizer=engine) for name, engine in engines.items())
        self._fixed_sentences = tuple(fixed_sentences)
        self._first_piece_seconds = first_piece_seconds
        self._longest_silence_seconds = longest_silence_seconds
        self._clock = clock
        self.remembered = remembered or RememberedSpeech()

    async def warm_up(self) -> None:
        """Warm every engine up, then speak the fixed sentences.

        Raises:
            SpeechUnavailable: none of the engines can be used.
        """
        warm_ups = {engine.name: engine.synthesizer.warm_up for engine in self._engines}
        failures = await warm_up_all(warm_ups, kind="voice")
        if len(failures) == len(self._engines):
            raise failures[0]
        await self.prepare(self._fixed_sentences, Voice())

    async def prepare(self, texts: Iterable[str], voice: Voice) -> None:
        """Speak texts to nobody and keep them, so that in this voice they need no engine any more.

        Never fails: what could not be spoken in 20 s is logged, and spoken when it is needed.
        """
        missing = 0
        try:
            async with asyncio.timeout(_PREPARATION_SECONDS):
                for text in texts:
                    missing += not await self._learn(text, voice)
        except TimeoutError:
            missing += 1
        if missing:
            logger.warning("sentences_not_prepared", missing=missing, language=voice.language)

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        """See Synthesizer.speak.

        Raises:
            SpeechUnavailable: no engine could say it and it is not known by heart, or it broke off after 300 ms.
        """
        if not text.strip():
            return
        if audio := self.remembered.find(text, voice):
            count("speech_remembered")
            yield audio
            return
        sentence = self._sentence(text, voice)
        async with aclosing(self._say(sentence)) as pieces:
            async for piece in pieces:
                yield piece
        if sentence.outcome is _Outcome.SAID:
            self.remembered.keep(text, voice, bytes(sentence.audio))
            return
        audio = None if sentence.sent_bytes else self.remembered.find_in_any_voice(text, voice)
        if audio is None:
            count("sentence_not_spoken")
            message = "No engine could say the sentence."
            raise SpeechUnavailable(message)
        yield audio

    def _sentence(self, text: str, voice: Voice) -> _Sentence:
        return _Sentence(text=text, voice=voice, first_piece_by=self._clock() + self._longest_silence_seconds)

    async def _learn(self, text: str, voice: Voice) -> bool:
        """Keep a text's sentences, and the text itself, since some ask for it whole; False when one is missing."""
        if self.remembered.knows(text, voice):
            return True
        whole = bytearray()
        for part in _sentences(text):
            sentence = self._sentence(part, voice)
            async with aclosing(self._say(sentence)) as pieces:
                async for _ in pieces:
                    pass
            if sentence.outcome is not _Outcome.SAID:
                return False
            self.remembered.keep(part, voice, bytes(sentence.audio), for_good=True)
            whole += sentence.audio
        self.remembered.keep(text, voice, bytes(whole), for_good=True)
        return True

    async def _say(self, sentence: _Sentence) -> AsyncGenerator[bytes, None]:
        """Yield the sentence from whoever can say it; `sentence.outcome` tells how it ended."""
        for engine in self._engines:
            for _ in range(_TRIES):
                if self._clock() >= sentence.first_piece_by or not engine.circuit.admit(self._clock()):
                    break
                async with aclosing(self._try(engine, sentence)) as pieces:
                    async for piece in pieces:
                        yield piece
                if sentence.outcome in (_Outcome.SAID, _Outcome.CUT_SHORT):
                    return
                if not self._may_try_again(engine, sentence):
                    break

    def _may_try_again(self, engine: _Engine, sentence: _Sentence) -> bool:
        """Whether the same engine should have another go, after it failed."""
        if sentence.outcome is _Outcome.REFUSED:
            has_default = sentence.voice.name != DEFAULT_VOICE
            sentence.voice = replace(sentence.voice, name=DEFAULT_VOICE)
            return has_default
        return sentence.outcome is _Outcome.FAILED or engine is self._engines[-1]

    async def _try(self, engine: _Engine, sentence: _Sentence) -> AsyncGenerator[bytes, None]:
        sentence.audio.clear()
        sentence.outcome = _Outcome.FAILED
        seconds = min(self._first_piece_seconds, sentence.first_piece_by - self._clock())
        try:
            async with aclosing(engine.synthesizer.speak(sentence.text, sentence.voice)) as pieces:
                async with asyncio.timeout(seconds):
                    piece = await anext(pieces, None)
                while piece is not None:
                    sentence.audio += piece
                    sentence.sent_bytes += len(piece)
                    yield piece
                    piece = await anext(pieces, None)
            sentence.outcome = _Outcome.SAID
            engine.circuit.succeeded()
        except (SpeechUnavailable, TimeoutError) as error:
            sentence.outcome = _outcome(error, sentence)
            if sentence.outcome is not _Outcome.REFUSED:
                engine.circuit.failed(self._clock())
            outcome, reason = sentence.outcome.name.lower(), type(error.__cause__ or error).__name__
            count("speech_engine_failed", engine=engine.name, outcome=outcome)
            logger.warning("speech_engine_failed", engine=engine.name, outcome=outcome, reason=reason)


def _outcome(error: Exception, sentence: _Sentence) -> _Outcome:
    if isinstance(error, TimeoutError):
        return _Outcome.TOO_SLOW
    if sentence.sent_bytes >= _STUTTER_BYTES:
        return _Outcome.CUT_SHORT
    return _Outcome.REFUSED if isinstance(error, SpeechRefused) else _Outcome.FAILED


def _sentences(text: str) -> list[str]:
    """The text as the voice channel cuts it, since that is what it will ask for."""
    splitter = SentenceSplitter()
    return [*splitter.push(text), *splitter.finish()]
