"""The engines of calls, for whole recordings: loaded at first use, one recording at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from local.speech.refusal import ContentRefused
from local.speech.sound import read_sound, write_voice_note
from stream_service.listening.moonshine_model import MoonshineModel
from stream_service.speaking.hibari import VoiceModel, packaged_model, sentence_sound

_VOICE_HZ = 24_000

Result = TypeVar("Result")


class Recogniser(Protocol):
    """What is asked of the speech model; MoonshineModel explains it."""

    def transcribe(self, mulaw: bytes) -> str:
        """The words in a recording; blocks."""


class SpeechEngines:
    """Moonshine and Hibari. Both know English only."""

    def __init__(
        self,
        model_directory: Path,
        *,
        load_recogniser: Callable[[Path], Recogniser] = MoonshineModel.load,
        load_voice: Callable[[], VoiceModel] = packaged_model,
    ) -> None:
        self._model_directory = model_directory
        self._load_recogniser = load_recogniser
        self._load_voice = load_voice
        self._recogniser: Recogniser | None = None
        self._voice: VoiceModel | None = None
        self._turn = asyncio.Lock()

    async def transcribe(self, content: bytes) -> str:
        """The words in a sound file.

        Raises:
            ContentRefused: it is none, or too long.
            SpeechUnavailable: the model cannot be loaded.
        """
        return await self._alone(lambda: self._transcribed(content))

    async def speak(self, text: str) -> bytes:
        """The text as a voice note.

        Raises:
            ContentRefused: the voice knows no sound for it, such as for Devanagari.
            SpeechUnavailable: the model cannot be loaded.
        """
        return await self._alone(lambda: self._spoken(text))

    async def _alone(self, work: Callable[[], Result]) -> Result:
        """One recording at a time: calls of the same machine need the processor more."""
        async with self._turn:
            return await asyncio.to_thread(work)

    def _transcribed(self, content: bytes) -> str:
        mulaw = read_sound(content)
        if self._recogniser is None:
            self._recogniser = self._load_recogniser(self._model_directory)
        return self._recogniser.transcribe(mulaw)

    def _spoken(self, text: str) -> bytes:
        if self._voice is None:
            self._voice = self._load_voice()
        voice = self._voice
        sentences = voice.phonemize(text)
        if not sentences:
            raise ContentRefused("the voice speaks English in Latin letters only")
        sounds = [sentence_sound(voice, phonemes) for phonemes in sentences]
        return write_voice_note(np.concatenate(sounds), _VOICE_HZ)
