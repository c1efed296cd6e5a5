"""Settings choose the engines and who takes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.domain.voice import Voice
from shared.settings import load_settings
from stream_service import engines
from stream_service.listening.energy import EnergyDetector
from stream_service.media.audio import duration_ms

SCRIPTED = {
    "PUBLIC_BASE_URL": "https://vaani.example",
    "DATABASE_URL": "postgresql://vaani@db/vaani",
    "REDIS_URL": "redis://cache:6379",
    "SPEECH_TO_TEXT": "scripted",
    "TEXT_TO_SPEECH": "scripted",
    "VOICE_ACTIVITY": "energy",
    "SCRIPTED_SPEECH_MS": "500",
}


async def test_scripted_voice_speaks_every_sentence_anew_so_that_load_tests_are_honest() -> None:
    synthesizer = engines.synthesizer(load_settings(SCRIPTED), ["Sorry."])
    await synthesizer.warm_up()
    for _ in range(2):
        spoken = b"".join([piece async for piece in synthesizer.speak("Sorry.", Voice())])
        assert duration_ms(spoken) == 500

    assert synthesizer.remembered.hits == 0


async def test_recogniser_that_cannot_be_loaded_is_replaced_by_the_fallback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    settings = load_settings(
        {
            **SCRIPTED,
            "SPEECH_TO_TEXT": "local",
            "SPEECH_TO_TEXT_FALLBACK": "scripted",
            "SPEECH_MODEL_DIRECTORY": str(tmp_path),
        }
    )
    transcriber = engines.transcriber(settings)
    await transcriber.warm_up()
    stream = await transcriber.open(language="en-IN", on_partial=lambda _: None)
    stream.feed(b"\x10" * 4000, is_speech=True)

    assert (await stream.finish_utterance()).text
    await stream.aclose()


async def test_voice_that_cannot_be_loaded_is_replaced_by_the_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    settings = load_settings({**SCRIPTED, "TEXT_TO_SPEECH": "local", "TEXT_TO_SPEECH_FALLBACK": "scripted"})
    synthesizer = engines.synthesizer(settings, ["Sorry."])
    await synthesizer.warm_up()

    spoken = b"".join([piece async for piece in synthesizer.speak("Sorry.", Voice())])

    assert duration_ms(spoken) == 500
    assert synthesizer.remembered.hits == 1


def test_detector_is_the_one_that_is_named() -> None:
    assert isinstance(engines.detector(load_settings(SCRIPTED)), EnergyDetector)
