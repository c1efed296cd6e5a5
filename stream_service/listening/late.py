"""A recogniser that may be used before it is open: a slow connection must not cost the caller's first words."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from shared.errors import PlatformError, SpeechUnavailable
from stream_service.listening.transcriber import Transcript, TranscriptionStream

# Ten seconds of frames.
_EARLY_FRAMES = 500


class LateTranscription:
    """Implements TranscriptionStream over one that is still being opened."""

    def __init__(self, opening: Callable[[], Awaitable[TranscriptionStream]]) -> None:
        self._stream: TranscriptionStream | None = None
        self._early: deque[tuple[bytes, bool]] = deque(maxlen=_EARLY_FRAMES)
        self._opening = asyncio.create_task(self._open(opening), name="open-transcription")

    @property
    def is_lost(self) -> bool:
        """Whether the recogniser has given the call up."""
        return self._stream is not None and self._stream.is_lost

    def feed(self, mulaw: bytes, *, is_speech: bool) -> None:
        """Take the caller's next audio; what comes before the recogniser is open waits for it."""
        if self._stream is not None:
            self._stream.feed(mulaw, is_speech=is_speech)
        else:
            self._early.append((mulaw, is_speech))

    def pause(self) -> None:
        """The caller has just fallen silent."""
        if self._stream is not None:
            self._stream.pause()

    async def finish_utterance(self) -> Transcript:
        """The words said since the last call of this method.

        Raises:
            SpeechUnavailable: the recogniser could not be opened, or failed.
        """
        return await (await self._opened()).finish_utterance()

    def discard_utterance(self) -> None:
        """Forget the audio heard since the last result."""
        self._early.clear()
        if self._stream is not None:
            self._stream.discard_utterance()

    async def use_language(self, language: str) -> None:
        """Hear the caller in another language (BCP 47) from now on.

        Raises:
            SpeechUnavailable: the recogniser could not be opened, or cannot change now.
        """
        await (await self._opened()).use_language(language)

    async def aclose(self) -> None:
        """Release everything; safe to call twice."""
        self._opening.cancel()
        await asyncio.gather(self._opening, return_exceptions=True)
        if self._stream is not None:
            await self._stream.aclose()

    async def _open(self, opening: Callable[[], Awaitable[TranscriptionStream]]) -> None:
        stream = await opening()
        for mulaw, is_speech in self._early:
            stream.feed(mulaw, is_speech=is_speech)
        self._early.clear()
        self._stream = stream

    async def _opened(self) -> TranscriptionStream:
        try:
            await asyncio.shield(self._opening)
        except PlatformError as error:
            message = "The recogniser could not be opened."
            raise SpeechUnavailable(message) from error
        if self._stream is None:
            message = "The recogniser was closed."
            raise SpeechUnavailable(message)
        return self._stream
