"""A recogniser that hears what it was told to hear: for load tests and for tests of everything around it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from stream_service.listening.transcriber import PartialListener, Transcript
from stream_service.media.audio import BYTES_PER_MS

_PARTIAL_AFTER_MS = 200


class ScriptedTranscriber:
    """Implements Transcriber: each utterance of a call is taken for the next of the texts, round and round."""

    def __init__(self, texts: Sequence[str] = ("What are your opening hours?",)) -> None:
        self._texts = tuple(texts)

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def open(self, *, language: str, on_partial: PartialListener) -> ScriptedTranscription:
        """Start a call at the first text."""
        return ScriptedTranscription(self._texts, language, on_partial)


class ScriptedTranscription:
    """Implements TranscriptionStream: a partial after 200 ms of speech, the same text as final, nothing for silence."""

    def __init__(self, texts: Sequence[str], language: str, on_partial: PartialListener) -> None:
        self._texts = cycle(texts)
        self._text = next(self._texts)
        self._language = language
        self._on_partial = on_partial
        self._speech_ms = 0

    @property
    def is_lost(self) -> bool:
        """Never."""
        return False

    def feed(self, mulaw: bytes, *, is_speech: bool) -> None:
        """Count the speech."""
        if not is_speech:
            return
        before_ms = self._speech_ms
        self._speech_ms += len(mulaw) // BYTES_PER_MS
        if before_ms < _PARTIAL_AFTER_MS <= self._speech_ms:
            self._on_partial(self._text)

    def pause(self) -> None:
        """Tell the words, which are known already."""
        if self._speech_ms:
            self._on_partial(self._text)

    async def finish_utterance(self) -> Transcript:
        """The utterance's text, without delay; empty when there was no speech."""
        if self._speech_ms == 0:
            return Transcript(text="", language=self._language)
        transcript = Transcript(text=self._text, language=self._language, confidence=1.0)
        self._text = next(self._texts)
        self._speech_ms = 0
        return transcript

    def discard_utterance(self) -> None:
        """Forget the speech; the next utterance gets the same text."""
        self._speech_ms = 0

    async def use_language(self, language: str) -> None:
        """Say the same texts in the name of another language."""
        self._language = language

    async def aclose(self) -> None:
        """Nothing to release."""
