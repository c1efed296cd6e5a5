"""Speech to text on this machine, by the Moonshine model; English only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from shared.errors import SpeechUnavailable
from stream_service.listening.moonshine_model import LONGEST_WINDOW_MS, MoonshineModel, quietest_moment
from stream_service.listening.transcriber import PartialListener, Transcript
from stream_service.listening.utterance import UtteranceAudio
from stream_service.media.audio import BYTES_PER_MS, MULAW_SILENCE

_LANGUAGE = "en"
_FIRST_PARTIAL_MS, _PARTIAL_INTERVAL_MS = 600, 400
# With this much speech a result without words is a failure of the model, not a cough.
_CERTAIN_SPEECH_MS = 1000


class SpeechModel(Protocol):
    """What the transcriber asks of the model; MoonshineModel explains it."""

    def recognise(self, mulaw: bytes, *, holds_speech: bool, is_abandoned: Callable[[], bool]) -> str:
        """The words in one window of audio; blocks."""


@dataclass(frozen=True, slots=True)
class _Decoding:
    """A window being recognised in a worker thread."""

    text: asyncio.Future[str]
    abandoned: threading.Event

    def abandon(self) -> None:
        """Nobody wants the result any more: do not start, or stop at the next token."""
        self.abandoned.set()
        self.text.cancel()


class MoonshineTranscriber:
    """Implements Transcriber: one model and a few worker threads for all calls of the process.

    Args:
        model_dir: where the converted model is kept (140 MB); made when it is missing.
        workers: windows that are recognised at the same time. One stays free of partial results, so that they never
            delay a final one.
        timeout_seconds: longest wait for a final result.
        load_model: replaced in tests.
    """

    def __init__(
        self,
        model_dir: Path,
        *,
        workers: int = 2,
        timeout_seconds: float = 5.0,
        load_model: Callable[[Path], SpeechModel] = MoonshineModel.load,
    ) -> None:
        self._model_dir = model_dir
        self._timeout_seconds = timeout_seconds
        self._load_model = load_model
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="moonshine")
        self._free_for_partials = max(1, workers - 1)
        self._warming = asyncio.Lock()
        self._model: SpeechModel | None = None

    async def warm_up(self) -> None:
        """Load the model, converting it the first time (10 s), and recognise a second of silence.

        Raises:
            SpeechUnavailable: the model's wheel is not installed, or has no build for this platform.
        """
        async with self._warming:
            if self._model is None:
                self._model = await asyncio.get_running_loop().run_in_executor(self._threads, self._loaded_model)

    def _loaded_model(self) -> SpeechModel:
        model = self._load_model(self._model_dir)
        silence = bytes([MULAW_SILENCE]) * 1000 * BYTES_PER_MS
        model.recognise(silence, holds_speech=False, is_abandoned=lambda: False)
        return model

    async def open(self, *, language: str, on_partial: PartialListener) -> MoonshineTranscription:
        """Start recognising one call. Another language than English is taken for English: the model knows no other.

        Raises:
            SpeechUnavailable: the model cannot be loaded.
        """
        await self.warm_up()
        return MoonshineTranscription(self, _english(language), on_partial, self._timeout_seconds)

    def start(self, mulaw: bytes, *, holds_speech: bool) -> _Decoding:
        """Recognise a window in a worker thread."""
        if self._model is None:
            message = "The speech model is not loaded."
            raise SpeechUnavailable(message)
        recognise = self._model.recognise
        abandoned = threading.Event()
        text = asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: recognise(mulaw, holds_speech=holds_speech, is_abandoned=abandoned.is_set)
        )
        text.add_done_callback(_take_note_of_failure)
        return _Decoding(text, abandoned)

    def start_partial(self, mulaw: bytes) -> _Decoding | None:
        """Recognise a window that is cut off in mid-speech; None when the threads are needed for final results."""
        if self._free_for_partials == 0:
            return None
        self._free_for_partials -= 1
        decoding = self.start(mulaw, holds_speech=True)
        decoding.text.add_done_callback(self._partial_ended)
        return decoding

    def _partial_ended(self, _text: asyncio.Future[str]) -> None:
        self._free_for_partials += 1


def _english(language: str) -> str:
    """The kind of English that is asked for; plain English in place of any other language."""
    return language if language.lower().partition("-")[0] == _LANGUAGE else _LANGUAGE


def _take_note_of_failure(text: asyncio.Future[str]) -> None:
    """Whoever awaits the result is told of a failure; asyncio need not complain when nobody does."""
    if not text.cancelled():
        text.exception()


@dataclass(slots=True)
class _Utterance:
    """What is known of the words being said now.

    Attributes:
        windows: results of earlier parts of an utterance that is too long for one window.
        final: the result of the present part, begun ahead of time; none while the caller speaks.
        partial: the one partial result in the making.
        partial_text: the last one made, and up to how much speech.
    """

    windows: list[_Decoding] = field(default_factory=list)
    final: _Decoding | None = None
    partial: _Decoding | None = None
    partial_text: str = ""
    partial_speech_bytes: int = 0


class MoonshineTranscription:
    """Implements TranscriptionStream: recognises utterance by utterance, ahead of time when the caller falls silent."""

    def __init__(
        self, engine: MoonshineTranscriber, language: str, on_partial: PartialListener, timeout_seconds: float
    ) -> None:
        self._engine = engine
        self._language = language
        self._on_partial = on_partial
        self._timeout_seconds = timeout_seconds
        self._heard = UtteranceAudio()
        self._utterance = _Utterance()

    @property
    def is_lost(self) -> bool:
        """Never: each utterance is recognised anew."""
        return False

    def feed(self, mulaw: bytes, *, is_speech: bool) -> None:
        """Gather the utterance's audio; begin a partial result every 400 ms of speech, the first after 600."""
        self._heard.feed(mulaw, is_speech=is_speech)
        if not is_speech:
            return
        if self._utterance.final is not None:
            self._utterance.final.abandon()
            self._utterance.final = None
        if len(self._heard.audio) >= LONGEST_WINDOW_MS * BYTES_PER_MS:
            self._cut_window()
        self._begin_partial()

    def pause(self) -> None:
        """Begin the final result now; more speech makes it void."""
        utterance = self._utterance
        if utterance.final is None and self._heard.speech_bytes:
            utterance.final = decoding = self._begin_final(bytes(self._heard.audio))
            decoding.text.add_done_callback(lambda _: self._final_ended(utterance, decoding))

    async def finish_utterance(self) -> Transcript:
        """The words since the last result. When the model is too slow, a partial result that covers all speech serves.

        Raises:
            SpeechUnavailable: the model failed, or gave no result in time.
        """
        self.pause()
        utterance, self._utterance = self._utterance, _Utterance()
        is_covered = utterance.partial_speech_bytes >= self._heard.speech_bytes > 0
        self._heard.forget()
        decodings = [*utterance.windows, *([utterance.final] if utterance.final else [])]
        try:
            async with asyncio.timeout(self._timeout_seconds):
                texts = [await decoding.text for decoding in decodings]
        except TimeoutError as error:
            if not is_covered:
                message = "The speech model gave no result in time."
                raise SpeechUnavailable(message) from error
            texts = [utterance.partial_text]
        except Exception as error:  # ONNX Runtime's errors have no base class of their own
            message = "The speech model failed."
            raise SpeechUnavailable(message) from error
        finally:
            _abandon(utterance)
        return Transcript(text=" ".join(filter(None, texts)), language=self._language)

    def discard_utterance(self) -> None:
        """Forget the audio since the last result and whatever was being made of it."""
        _abandon(self._utterance)
        self._utterance = _Utterance()
        self._heard.forget()

    async def use_language(self, language: str) -> None:
        """See TranscriptionStream.use_language. It goes on in English."""
        self._language = _english(language)

    async def aclose(self) -> None:
        """Give up what is being recognised; the model stays for the other calls."""
        self.discard_utterance()

    def _cut_window(self) -> None:
        """Finish with the first part of an utterance that grew too long for one window."""
        window = self._heard.cut(quietest_moment(bytes(self._heard.audio)))
        self._utterance.windows.append(self._begin_final(window))
        self._utterance.partial_speech_bytes = 0

    def _begin_final(self, mulaw: bytes) -> _Decoding:
        if self._utterance.partial is not None:
            self._utterance.partial.abandon()
            self._utterance.partial = None
        return self._engine.start(mulaw, holds_speech=self._heard.speech_ms >= _CERTAIN_SPEECH_MS)

    def _begin_partial(self) -> None:
        utterance, speech_bytes = self._utterance, self._heard.speech_bytes
        new_ms = (speech_bytes - utterance.partial_speech_bytes) // BYTES_PER_MS
        is_due = self._heard.speech_ms >= _FIRST_PARTIAL_MS and new_ms >= _PARTIAL_INTERVAL_MS
        if not is_due or utterance.partial is not None:
            return
        decoding = self._engine.start_partial(bytes(self._heard.audio))
        if decoding is None:
            return
        utterance.partial = decoding
        decoding.text.add_done_callback(lambda text: self._partial_ended(utterance, text, speech_bytes))

    def _final_ended(self, utterance: _Utterance, decoding: _Decoding) -> None:
        """Tell what was said before the pause, should the caller still be pausing."""
        if utterance is self._utterance and utterance.final is decoding and _has_text(decoding):
            self._on_partial(_joined(utterance, decoding.text.result()))

    def _partial_ended(self, utterance: _Utterance, text: asyncio.Future[str], speech_bytes: int) -> None:
        if utterance.partial is None or utterance.partial.text is not text:
            return
        utterance.partial = None
        if text.cancelled() or text.exception() is not None:
            return
        words = _joined(utterance, text.result())
        is_news = words != utterance.partial_text
        utterance.partial_text, utterance.partial_speech_bytes = words, speech_bytes
        if is_news and utterance is self._utterance:
            self._on_partial(words)


def _joined(utterance: _Utterance, last: str) -> str:
    """The words of the windows that are known by now, and the last ones."""
    earlier = [window.text.result() for window in utterance.windows if _has_text(window)]
    return " ".join(filter(None, [*earlier, last]))


def _has_text(decoding: _Decoding) -> bool:
    return decoding.text.done() and not decoding.text.cancelled() and decoding.text.exception() is None


def _abandon(utterance: _Utterance) -> None:
    for decoding in (*utterance.windows, utterance.final, utterance.partial):
        if decoding is not None:
            decoding.abandon()
