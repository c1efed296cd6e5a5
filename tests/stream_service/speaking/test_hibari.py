from __future__ import annotations

import importlib.util
import threading
from contextlib import aclosing

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.voice import Voice
from shared.errors import SpeechRefused, SpeechUnavailable
from stream_service.listening.moonshine_model import MoonshineModel
from stream_service.media.audio import duration_ms
from stream_service.speaking.hibari import HibariSynthesizer
from tests.stream_service.listening.utterances import MODEL_DIR


class FakeModel:
    """Speaks each word for 100 ms."""

    def __init__(self) -> None:
        self.spoken: list[str] = []
        self.may_speak = threading.Event()
        self.may_speak.set()

    def phonemize(self, text: str) -> list[str]:
        return [sentence.strip() for sentence in text.split(".") if sentence.strip().isascii() and sentence.strip()]

    def from_phonemes(self, phonemes: str, *, seed: int) -> NDArray[np.float32]:
        assert self.may_speak.wait(5)
        self.spoken.append(phonemes)
        return np.zeros(2400 * len(phonemes.split()), dtype=np.float32)


async def warm_synthesizer(model: FakeModel, *, timeout_seconds: float = 5.0) -> HibariSynthesizer:
    synthesizer = HibariSynthesizer(timeout_seconds=timeout_seconds, load_model=lambda: model)
    await synthesizer.warm_up()
    model.spoken.clear()
    return synthesizer


async def test_each_sentence_is_a_piece_of_telephone_audio() -> None:
    synthesizer = await warm_synthesizer(FakeModel())

    pieces = [piece async for piece in synthesizer.speak("One two. Three.", Voice())]

    assert [duration_ms(piece) for piece in pieces] == [200, 100]


async def test_closing_stops_before_the_next_sentence() -> None:
    model = FakeModel()
    synthesizer = await warm_synthesizer(model)

    async with aclosing(synthesizer.speak("One. Two. Three.", Voice())) as pieces:
        await anext(pieces)

    assert model.spoken == ["One"]


async def test_the_caller_does_not_wait_through_silence_before_the_first_word() -> None:
    model = FakeModel()
    second = np.zeros(24_000, dtype=np.float32)
    model.from_phonemes = lambda _phonemes, *, seed: np.concatenate([second, second + 0.5, second])  # type: ignore[method-assign]
    synthesizer = await warm_synthesizer(model)

    (piece,) = [piece async for piece in synthesizer.speak("One.", Voice())]

    assert duration_ms(piece) == 20 + 1000 + 180


async def test_slow_voice_is_an_error() -> None:
    model = FakeModel()
    synthesizer = await warm_synthesizer(model, timeout_seconds=0.01)
    model.may_speak.clear()

    with pytest.raises(SpeechUnavailable, match="in time"):
        await anext(synthesizer.speak("One.", Voice()))
    model.may_speak.set()


async def test_failing_voice_is_reported_as_unavailable_speech() -> None:
    model = FakeModel()
    synthesizer = await warm_synthesizer(model)
    model.from_phonemes = lambda _phonemes, *, seed: 1 / 0  # type: ignore[method-assign, assignment, return-value]

    with pytest.raises(SpeechUnavailable, match="failed"):
        await anext(synthesizer.speak("One.", Voice()))


async def test_text_it_cannot_pronounce_is_an_error_not_silence() -> None:
    synthesizer = await warm_synthesizer(FakeModel())

    with pytest.raises(SpeechRefused, match="pronounce"):
        await anext(synthesizer.speak("नमस्ते", Voice()))


async def test_punctuation_alone_is_silent() -> None:
    synthesizer = await warm_synthesizer(FakeModel())

    assert [piece async for piece in synthesizer.speak("...", Voice())] == []


async def test_missing_package_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(SpeechUnavailable, match=r"hibari-tts.*not installed"):
        await HibariSynthesizer().warm_up()


@pytest.mark.integration
async def test_spoken_sentence_is_understood_again_over_the_telephone() -> None:
    text = "The clinic is closed on Sunday, but a doctor can call you back."

    mulaw = b"".join([piece async for piece in HibariSynthesizer().speak(text, Voice())])

    assert MoonshineModel.load(MODEL_DIR).transcribe(mulaw) == text


@pytest.mark.integration
async def test_same_words_sound_the_same_every_time() -> None:
    synthesizer = HibariSynthesizer()

    first = [piece async for piece in synthesizer.speak("Good morning.", Voice())]
    second = [piece async for piece in synthesizer.speak("Good morning.", Voice())]

    assert first == second
