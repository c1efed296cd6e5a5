"""Voice notes: their words, words as voice notes, and who wants them."""

from __future__ import annotations

from typing import Protocol

from shared.domain.conversation import ConversationKey
from shared.domain.spoken.voice_requests import ReplyForm
from shared.domain.voice import Voice


class SpeechEngine(Protocol):
    """Speech to text and back, for whole recordings."""

    async def transcribe(self, audio: bytes, *, mime_type: str) -> str:
        """The words of a recording, in whatever language; empty when there are none.

        Raises:
            SpeechUnavailable: no answer in time.
            MediaRefused: not audio that the engine can read.
        """

    async def speak(self, text: str, voice: Voice) -> bytes:
        """The text as a voice note: OGG/Opus, mono.

        Raises:
            SpeechUnavailable: no answer in time, or the engine has no voice for this text.
        """


class ReplyForms(Protocol):
    """In which form users want their replies."""

    async def keep(self, key: ConversationKey, form: ReplyForm) -> None:
        """Keep the user's wish until they say otherwise.

        Raises:
            StoreUnavailable: not kept.
        """
