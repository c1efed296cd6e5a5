from __future__ import annotations

import audioop

from shared.domain.voice import Voice
from stream_service.media.audio import duration_ms
from stream_service.speaking.scripted import ScriptedSynthesizer


async def test_any_text_sounds_as_long_as_was_asked_for() -> None:
    pieces = [piece async for piece in ScriptedSynthesizer(duration_ms=500, piece_ms=200).speak("Hi.", Voice())]

    assert [duration_ms(piece) for piece in pieces] == [200, 200, 100]


async def test_tone_is_as_loud_as_speech() -> None:
    pieces = [piece async for piece in ScriptedSynthesizer().speak("Hi.", Voice())]

    assert all(audioop.rms(audioop.ulaw2lin(piece, 2), 2) > 3000 for piece in pieces)


async def test_same_text_sounds_the_same_every_time() -> None:
    synthesizer = ScriptedSynthesizer()

    first = [piece async for piece in synthesizer.speak("Hi.", Voice())]
    second = [piece async for piece in synthesizer.speak("Bye.", Voice())]

    assert first == second


async def test_empty_text_is_silent() -> None:
    assert [piece async for piece in ScriptedSynthesizer().speak("  ", Voice())] == []
