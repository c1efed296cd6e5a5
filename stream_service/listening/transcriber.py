"""Port: speech to text for one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What the caller said. `confidence` is 0..1, None when the engine gives none."""

    text: str
    language: str
    confidence: float | None = None


class TranscriptionStream(Protocol):
    """The recogniser of one call. Created when the call starts, fed with its audio until it ends.

    The session calls `feed` for every frame of the caller from the utterance's first (plus a short lead-in), then
    `finish_utterance`. Engines that want an unbroken stream also get the frames between utterances.
    """

    @property
    def is_lost(self) -> bool:
        """Whether the engine has given the call up: what is fed from now on is not heard, only another stream helps."""

    def feed(self, mulaw: bytes, *, is_speech: bool) -> None:
        """Take the caller's next audio: mu-law, 8 kHz, mono, normally 20 ms. Never blocks; runs on the event loop.

        `is_speech` is the voice activity detector's view; an engine that recognises utterance by utterance keeps
        only the speech and what closely surrounds it.
        """

    def pause(self) -> None:
        """The caller has just fallen silent and may have finished: a good moment to recognise ahead of time.

        The words so far are told to the call's listener as soon as they are known, even if they were told before.
        """

    async def finish_utterance(self) -> Transcript:
        """The words said since the last call of this method; empty text when there were none.

        Does not wait for a slow final result when a stable partial covers the speech.

        Raises:
            SpeechUnavailable: no result within the adapter's timeout; the audio is forgotten.
        """

    def discard_utterance(self) -> None:
        """Forget the audio heard since the last result: it was a cough or an echo, not a turn."""

    async def use_language(self, language: str) -> None:
        """Hear the caller in another language (BCP 47) from now on, the unfinished utterance included.

        An engine that knows one language only goes on in it, and says so in its transcripts.

        Raises:
            SpeechUnavailable: the engine cannot change now; it goes on in the language it had.
        """

    async def aclose(self) -> None:
        """Release everything; safe to call twice."""


PartialListener = Callable[[str], None]
"""Called on the event loop with the utterance's text so far, each time it changes."""


class Transcriber(Protocol):
    """A speech-to-text engine, shared by all calls of the process."""

    async def warm_up(self) -> None:
        """Load models or open connections, so that the first call is as fast as the second."""

    async def open(self, *, language: str, on_partial: PartialListener) -> TranscriptionStream:
        """Start recognising one call. `language` is a BCP 47 tag such as en-IN.

        Raises:
            SpeechUnavailable: the engine cannot take another call or does not answer.
        """
