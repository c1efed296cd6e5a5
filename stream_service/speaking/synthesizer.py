"""Port: text to speech."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from shared.domain.voice import Voice


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
