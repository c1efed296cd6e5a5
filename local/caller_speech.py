"""A caller's voice and ears for demonstrations: words to telephone audio and back, outside the platform."""

from __future__ import annotations

import asyncio
from pathlib import Path

from local.layout import default_layout
from shared.domain.voice import Voice
from stream_service.listening.moonshine_model import MoonshineModel
from stream_service.speaking.hibari import HibariSynthesizer


class CallerVoice:
    """Speaks with the offline voice. Prepare speech before a call: synthesis takes the processor from the platform."""

    def __init__(self) -> None:
        self._synthesizer = HibariSynthesizer(workers=1, timeout_seconds=30)

    async def speak(self, text: str) -> bytes:
        """The spoken text: mu-law, 8 kHz.

        Raises:
            SpeechUnavailable: the voice is not installed, or knows no sound of this text.
        """
        return b"".join([piece async for piece in self._synthesizer.speak(text, Voice())])


class CallerEar:
    """Recognises what came out of the earpiece, knowing nothing of what was said."""

    def __init__(self, model: MoonshineModel) -> None:
        self._model = model

    @classmethod
    async def load(cls, model_directory: Path | None = None) -> CallerEar:
        """Load the offline recogniser from where the platform keeps its models.

        Raises:
            SpeechUnavailable: the recogniser is not installed.
        """
        return cls(
            await asyncio.to_thread(MoonshineModel.load, model_directory or default_layout().directory / "models")
        )

    async def words(self, mulaw: bytes) -> str:
        """What is said in this audio, of any length."""
        return await asyncio.to_thread(self._model.transcribe, mulaw)
