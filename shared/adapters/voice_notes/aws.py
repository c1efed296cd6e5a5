"""Voice notes by Amazon Transcribe and Amazon Polly, both of which know OGG/Opus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.voice import Voice

if TYPE_CHECKING:
    import boto3

    from shared.adapters.voice_notes.polly import PollyNotes
    from shared.adapters.voice_notes.transcribe import TranscribeNotes


class AwsSpeech:
    """SpeechEngine over both services; each client is loaded for the first voice note, since most messages are text."""

    def __init__(self, session: boto3.Session) -> None:
        self._session = session
        self._ear: TranscribeNotes | None = None
        self._mouth: PollyNotes | None = None

    async def transcribe(self, audio: bytes, *, mime_type: str) -> str:
        """See SpeechEngine.transcribe."""
        if self._ear is None:
            from shared.adapters.voice_notes.transcribe import TranscribeNotes

            self._ear = TranscribeNotes(self._session)
        return await self._ear.transcribe(audio, mime_type=mime_type)

    async def speak(self, text: str, voice: Voice) -> bytes:
        """See SpeechEngine.speak."""
        if self._mouth is None:
            from shared.adapters.voice_notes.polly import PollyNotes

            self._mouth = PollyNotes(self._session)
        return await self._mouth.speak(text, voice)
