"""A recogniser that outlives its engines: opened again, or another one, and the words said meanwhile heard again."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from shared.adapters.circuit import Circuit
from shared.adapters.warm_up import warm_up_all
from shared.errors import SpeechUnavailable
from shared.observability import count, logger
from stream_service.listening.replay import UtteranceReplay
from stream_service.listening.transcriber import PartialListener, Transcriber, Transcript, TranscriptionStream


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what, and how often to try.

    Attributes:
        open_seconds: for an engine to take the call.
        result_seconds: for an engine's result; a guard, since engines have shorter limits of their own.
        between_repairs_seconds: before a call without a recogniser looks for one again while the caller speaks.
        openings_per_minute: of one call; beyond them it stays without a recogniser.
        longest_replay_ms: of the utterance that another engine can hear again.
    """

    open_seconds: float = 3.0
    result_seconds: float = 6.0
    between_repairs_seconds: float = 1.0
    openings_per_minute: int = 10
    longest_replay_ms: int = 30_000


@dataclass(slots=True, kw_only=True)
class _Engine:
    name: str
    transcriber: Transcriber
    circuit: Circuit = field(default_factory=Circuit)


class ReliableTranscriber:
    """Implements Transcriber over several, the preferred one first.

    Args:
        engines: by the name they have in logs and metrics.
    """

    def __init__(
        self,
        engines: Mapping[str, Transcriber],
        *,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engines = tuple(_Engine(name=name, transcriber=engine) for name, engine in engines.items())
        self._patience = patience or Patience()
        self._clock = clock

    async def warm_up(self) -> None:
        """Warm every engine up.

        Raises:
            SpeechUnavailable: none of the engines can be used.
        """
        warm_ups = {engine.name: engine.transcriber.warm_up for engine in self._engines}
        failures = await warm_up_all(warm_ups, kind="recogniser")
        if len(failures) == len(self._engines):
            raise failures[0]

    async def open(self, *, language: str, on_partial: PartialListener) -> ReliableTranscription:
        """Start at once: the engine is opened meanwhile, and hears what was said until then. Never fails."""
        stream = ReliableTranscription(self._engines, language, on_partial, self._patience, self._clock)
        stream.repair()
        return stream


class ReliableTranscription:
    """Implements TranscriptionStream over whichever engine hears the call at the moment.

    What the caller is saying is kept until it was understood. When an engine fails, the same one is opened once more,
    then the others, and the new stream hears it again. The tasks that it owns end with `aclose`.
    """

    def __init__(
        self,
        engines: tuple[_Engine, ...],
        language: str,
        on_partial: PartialListener,
        patience: Patience,
        clock: Callable[[], float],
    ) -> None:
        self._engines = engines
        self._engine = engines[0]
        self._language = language
        self._on_partial = on_partial
        self._patience = patience
        self._clock = clock
        self._stream: TranscriptionStream | None = None
        self._heard = UtteranceReplay(longest_ms=patience.longest_replay_ms)
        self._changing = asyncio.Lock()
        self._openings: deque[float] = deque(maxlen=patience.openings_per_minute)
        self._repair: asyncio.Task[None] | None = None
        self._repair_not_before = 0.0
        self._opened: set[TranscriptionStream] = set()
        self._closings: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @property
    def is_lost(self) -> bool:
        """Never before it is closed: while the caller speaks, it looks for an engine."""
        return self._is_closed

    def feed(self, mulaw: bytes, *, is_speech: bool) -> None:
        """See TranscriptionStream.feed."""
        self._heard.keep(mulaw, is_speech=is_speech)
        stream = self._stream
        if stream is None:
            if is_speech and self._clock() >= self._repair_not_before:
                self.repair()
            return
        stream.feed(mulaw, is_speech=is_speech)
        if stream.is_lost:
            self._part_from(stream, "lost")
            self.repair()

    def repair(self) -> None:
        """Look for an engine in the background, unless somebody does already."""
        if self._is_closed or self._changing.locked() or (self._repair is not None and not self._repair.done()):
            return
        self._repair = asyncio.create_task(self._find_engine(), name="repair-transcription")

    def pause(self) -> None:
        """See TranscriptionStream.pause."""
        if self._stream is not None:
            self._stream.pause()

    async def finish_utterance(self) -> Transcript:
        """See TranscriptionStream.finish_utterance.

        Raises:
            SpeechUnavailable: no engine could hear the utterance.
        """
        async with self._changing:
            utterance, self._heard = self._heard, UtteranceReplay(longest_ms=self._patience.longest_replay_ms)
            transcript = await self._result() or await self._result_elsewhere(utterance)
        if transcript is None:
            count("utterance_not_understood")
            message = "No engine could recognise what was said."
            raise SpeechUnavailable(message)
        return transcript

    def discard_utterance(self) -> None:
        """See TranscriptionStream.discard_utterance."""
        self._heard.forget()
        if self._stream is not None:
            self._stream.discard_utterance()

    async def use_language(self, language: str) -> None:
        """See TranscriptionStream.use_language. An engine that cannot change is replaced by one that can be opened."""
        async with self._changing:
            self._language = language
            if self._stream is not None:
                try:
                    async with asyncio.timeout(self._patience.open_seconds):
                        await self._stream.use_language(language)
                except (SpeechUnavailable, TimeoutError) as error:
                    self._part_from(self._stream, "language_not_changed", error)
            if self._stream is None:
                await self._open_any()
        if self._stream is None:
            message = "No engine can be opened in the language."
            raise SpeechUnavailable(message)

    async def aclose(self) -> None:
        """See TranscriptionStream.aclose."""
        self._is_closed = True
        self._stream = None
        if self._repair is not None:
            self._repair.cancel()
            await asyncio.wait([self._repair])
        for stream in tuple(self._opened):
            self._close_in_background(stream)
        if self._closings:
            await asyncio.wait(self._closings)

    async def _find_engine(self) -> None:
        async with self._changing:
            if self._stream is None:
                await self._open_any()

    async def _open_any(self) -> None:
        """Let the first engine that can be opened hear the call, from the unfinished utterance on."""
        for engine in self._candidates():
            stream = await self._open(engine)
            if stream is not None:
                self._use(stream)
                return
        self._repair_not_before = self._clock() + self._patience.between_repairs_seconds

    def _candidates(self) -> Iterator[_Engine]:
        """The engine in use, once more, then the others; none beyond what a call may open in a minute."""
        others = [engine for engine in self._engines if engine is not self._engine]
        for engine in (self._engine, *others):
            now = self._clock()
            is_used_up = len(self._openings) == self._openings.maxlen and now - self._openings[0] < 60  # noqa: PLR2004
            if self._is_closed or is_used_up:
                return
            if engine.circuit.admit(now):
                self._openings.append(now)
                yield engine

    async def _open(self, engine: _Engine) -> TranscriptionStream | None:
        """A new stream of an engine, which is then the engine in use; None when it cannot be had."""
        self._engine = engine

        def tell(text: str) -> None:
            if stream in self._opened:
                self._on_partial(text)

        stream: TranscriptionStream | None = None
        try:
            async with asyncio.timeout(self._patience.open_seconds):
                stream = await engine.transcriber.open(language=self._language, on_partial=tell)
        except (SpeechUnavailable, TimeoutError) as error:
            self._note_failure("not_opened", error)
            return None
        self._opened.add(stream)
        return stream

    def _use(self, stream: TranscriptionStream) -> None:
        """Let a stream hear the call, from the utterance on that is unfinished now."""
        _replay(self._heard, stream)
        self._stream = stream

    async def _result(self) -> Transcript | None:
        """What the stream in use made of the utterance; None when there is none, or it failed and is given up."""
        stream = self._stream
        if stream is None:
            return None
        try:
            return await self._result_of(stream)
        except (SpeechUnavailable, TimeoutError) as error:
            if self._stream is stream:  # Otherwise its loss was noticed meanwhile.
                self._part_from(stream, "no_result", error)
            return None

    async def _result_elsewhere(self, utterance: UtteranceReplay) -> Transcript | None:
        """Let other streams hear the utterance, one after the other; who understands it goes on hearing the call."""
        if utterance.speech_bytes == 0:
            return Transcript(text="", language=self._language)
        for engine in self._candidates():
            stream = await self._open(engine)
            if stream is None:
                continue
            _replay(utterance, stream)
            try:
                transcript = await self._result_of(stream)
            except (SpeechUnavailable, TimeoutError) as error:
                self._part_from(stream, "no_result", error)
                continue
            self._use(stream)
            return transcript
        return None

    async def _result_of(self, stream: TranscriptionStream) -> Transcript:
        async with asyncio.timeout(self._patience.result_seconds):
            transcript = await stream.finish_utterance()
        self._engine.circuit.succeeded()
        return transcript

    def _part_from(self, stream: TranscriptionStream, outcome: str, error: Exception | None = None) -> None:
        """Give a stream up; it closes in the background, so that the next one need not wait for it."""
        self._note_failure(outcome, error)
        if self._stream is stream:
            self._stream = None
        self._close_in_background(stream)

    def _close_in_background(self, stream: TranscriptionStream) -> None:
        self._opened.discard(stream)
        task = asyncio.create_task(stream.aclose(), name="close-transcription")
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)

    def _note_failure(self, outcome: str, error: Exception | None) -> None:
        self._engine.circuit.failed(self._clock())
        reason = type(error.__cause__ or error).__name__ if error else ""
        count("recogniser_failed", engine=self._engine.name, outcome=outcome)
        logger.warning("recogniser_failed", engine=self._engine.name, outcome=outcome, reason=reason)


def _replay(utterance: UtteranceReplay, stream: TranscriptionStream) -> None:
    for mulaw, is_speech in utterance.slices():
        stream.feed(mulaw, is_speech=is_speech)
