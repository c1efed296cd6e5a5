"""Speech for voice notes, and who wants them, in memory."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.conversation import ConversationKey
from shared.domain.spoken.voice_requests import ReplyForm
from shared.domain.voice import Voice
from tests.fakes.memory_rows import MemoryRows


class FakeSpeechEngine:
    """Implements `SpeechEngine`: hears what the table says of the content, speaks by writing it down.

    `failure` is raised instead, by hearing and speaking alike.
    """

    def __init__(self, words: Mapping[bytes, str | Exception] | None = None) -> None:
        self._words = dict(words or {})
        self.failure: Exception | None = None
        self.spoken: list[tuple[str, Voice]] = []

    async def transcribe(self, audio: bytes, *, mime_type: str) -> str:
        words = self.failure or self._words.get(audio, "")
        if isinstance(words, Exception):
            raise words
        return words

    async def speak(self, text: str, voice: Voice) -> bytes:
        if self.failure is not None:
            raise self.failure
        self.spoken.append((text, voice))
        return b"OggS" + text.encode()


class FakeReplyForms:
    """Implements `ReplyForms` on the rows that claims read."""

    def __init__(self, rows: MemoryRows) -> None:
        self._rows = rows

    async def keep(self, key: ConversationKey, form: ReplyForm) -> None:
        self._rows.reply_forms[key] = form
