"""Voice notes by Amazon Transcribe and Amazon Polly, both of which know OGG/Opus."""

from __future__ import annotations

import boto3

from shared.adapters.voice_notes.polly import PollyNotes
from shared.adapters.voice_notes.transcribe import TranscribeNotes
from shared.domain.voice import Voice


class AwsSpeech:
    """SpeechEngine over both services."""

    def __init__(
        self, session: boto3.Session, *, transcribe_url: str | None = None, polly_url: str | None = None
    ) -> None:
        """The addresses replace those of the services in the session's region."""
        self._ear = TranscribeNotes(session, endpoint_url=transcribe_url)
        self._mouth = PollyNotes(session, endpoint_url=polly_url)

    async def transcribe(self, audio: bytes, *, mime_type: str) -> str:
        """See SpeechEngine.transcribe."""
        return await self._ear.transcribe(audio, mime_type=mime_type)

    async def speak(self, text: str, voice: Voice) -> bytes:
        """See SpeechEngine.speak."""
        return await self._mouth.speak(text, voice)
