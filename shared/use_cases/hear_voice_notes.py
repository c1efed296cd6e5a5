"""The words of a voice note, within the length that anybody waits for."""

from __future__ import annotations

import time

from shared.domain.media import MediaFile
from shared.domain.voice_note import Unheard, is_too_long, opus_seconds
from shared.errors import MediaRefused, SpeechUnavailable
from shared.observability import count, logger
from shared.ports.voice_notes import SpeechEngine

_LONGEST_TRANSCRIPT = 20_000
"""Characters; nobody says as many in five minutes."""


class HearVoiceNotes:
    """Implements VoiceNotes over a speech engine."""

    def __init__(self, engine: SpeechEngine) -> None:
        self._engine = engine

    async def words(self, note: MediaFile) -> str | None:
        """What is said; None when nobody speaks, or nothing can be understood.

        Raises:
            MediaRefused: too long, or not sound that the engine knows; `reason` is an `Unheard`.
            SpeechUnavailable: not now.
        """
        if is_too_long(note.content):
            count("voice_notes_heard", outcome=Unheard.TOO_LONG)
            raise MediaRefused("The voice note is too long.", reason=Unheard.TOO_LONG)
        started = time.perf_counter()
        try:
            words = await self._engine.transcribe(note.content, mime_type=note.mime_type)
        except (MediaRefused, SpeechUnavailable) as error:
            count("voice_notes_heard", outcome=error.code)
            raise
        count("voice_notes_heard", outcome="heard" if words else Unheard.UNCLEAR)
        logger.info(
            "voice_note_heard",
            seconds=opus_seconds(note.content),
            characters=len(words),
            elapsed_ms=round((time.perf_counter() - started) * 1000),
        )
        return words[:_LONGEST_TRANSCRIPT] or None
