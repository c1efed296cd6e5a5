"""Port: text to speech."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from shared.errors import SpeechUnavailable

DEFAULT_VOICE = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How an agent sounds. `language` is a BCP 47 tag such as en-IN; `name` is the engine's, or "default"."""

    name: str = DEFAULT_VOICE
    language: str = "en-IN"


class SpeechRefused(SpeechUnavailable):
    """The engine is well, but has no such voice or cannot say this text: asking it once more is no use."""

    retryable = False


class Synthesizer(Protocol):
    """A text-to-speech engine, shared by all calls of the process."""

    async def warm_up(self) -> None:
        """Load models or open connections, so that the first call is as fast as the second."""

    def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        """Yield the spoken text as mu-law audio (8 kHz, mono, no header), in pieces as they become ready.

        Closing the generator stops the synthesis.

        Raises:
            SpeechRefused: this engine has no such voice, or cannot say this text.
            SpeechUnavailable: no first or next piece within the adapter's timeout.
        """
