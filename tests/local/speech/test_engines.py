from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest

from local.speech.engines import SpeechEngines
from local.speech.refusal import ContentRefused
from local.speech.sound import write_voice_note
from tests.local.speech.voice_notes import sound_of

NOTE = write_voice_note(np.zeros(8000, dtype=np.float32), 8000)


class Recogniser:
    def __init__(self) -> None:
        self.at_once = self.most_at_once = 0
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Event()

    def transcribe(self, mulaw: bytes) -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.release()
        self.may_end.wait(5)
        self.at_once -= 1
        return f"{len(mulaw)} samples"


class Voice:
    def phonemize(self, text: str) -> list[str]:
        return [sentence for sentence in text.split(".") if sentence.strip()] if text.isascii() else []

    def from_phonemes(self, phonemes: str, *, seed: int) -> np.ndarray:
        return np.full(24_000, 0.1, dtype=np.float32)


def engines(recogniser: Recogniser) -> SpeechEngines:
    return SpeechEngines(Path("unused"), load_recogniser=lambda _: recogniser, load_voice=Voice)


async def test_one_recording_is_heard_at_a_time() -> None:
    recogniser = Recogniser()
    asked = engines(recogniser)

    both = asyncio.gather(asked.transcribe(NOTE), asked.transcribe(NOTE))
    await asyncio.to_thread(recogniser.begun.acquire)
    recogniser.may_end.set()
    words = await both

    assert recogniser.most_at_once == 1
    assert all(one.endswith("samples") for one in words)


async def test_every_sentence_is_spoken() -> None:
    note = await engines(Recogniser()).speak("One. Two. Three.")

    samples, rate_hz, form = sound_of(note)
    assert form == "OGG/OPUS"
    assert len(samples) / rate_hz == pytest.approx(3, abs=0.1)


async def test_a_text_without_sound_is_refused() -> None:
    with pytest.raises(ContentRefused):
        await engines(Recogniser()).speak("नमस्ते")
