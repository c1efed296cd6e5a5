"""Every voice speaks telephone audio, piece by piece, and can be told to stop."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from shared.domain.voice import Voice
from shared.errors import SpeechRefused, SpeechUnavailable
from stream_service.speaking.hibari import HibariSynthesizer
from stream_service.speaking.reliable import ReliableSynthesizer
from stream_service.speaking.scripted import ScriptedSynthesizer
from stream_service.speaking.synthesizer import Synthesizer
from tests.fakes.flaky_engines import HANG, FlakySynthesizer

TEXT = "We are open until six today."
VOICE = Voice()
KINDS = ("scripted", "reliable", "over_failing", "over_dead", pytest.param("local", marks=pytest.mark.integration))


@pytest.fixture(params=KINDS)
async def synthesizer(request: pytest.FixtureRequest) -> Synthesizer:
    """A warm voice of each kind."""
    made = _synthesizer(request.param)
    await made.warm_up()
    return made


def _synthesizer(kind: str) -> Synthesizer:
    failure = SpeechUnavailable("out of order")
    match kind:
        case "scripted":
            return ScriptedSynthesizer()
        case "local":
            return HibariSynthesizer()
        case "reliable":
            return ReliableSynthesizer({"scripted": ScriptedSynthesizer()})
        case "over_failing":
            failing = FlakySynthesizer([failure], [HANG], [SpeechRefused("no")], *[[failure]] * 3)
            engines: dict[str, Synthesizer] = {"failing": failing, "scripted": ScriptedSynthesizer()}
            return ReliableSynthesizer(engines, first_piece_seconds=0.02)
        case _:
            dead = FlakySynthesizer(*[[failure]] * 100, warms_up=False)
            return ReliableSynthesizer({"dead": dead, "scripted": ScriptedSynthesizer()})


async def spoken(synthesizer: Synthesizer, text: str = TEXT) -> list[bytes]:
    return [piece async for piece in synthesizer.speak(text, VOICE)]


async def test_a_text_becomes_audio(synthesizer: Synthesizer) -> None:
    pieces = await spoken(synthesizer)

    assert all(pieces)
    assert len(b"".join(pieces)) > 4000


async def test_a_text_without_a_word_is_silent(synthesizer: Synthesizer) -> None:
    assert await spoken(synthesizer, "  ") == []


async def test_the_same_text_sounds_the_same_again(synthesizer: Synthesizer) -> None:
    first = b"".join(await spoken(synthesizer))

    assert b"".join(await spoken(synthesizer)) == first


async def test_two_sentences_can_be_spoken_at_once(synthesizer: Synthesizer) -> None:
    first, second = await asyncio.gather(spoken(synthesizer), spoken(synthesizer, "Another one."))

    assert first
    assert second


async def test_a_sentence_that_is_cut_off_leaves_nothing_behind(synthesizer: Synthesizer) -> None:
    before = asyncio.all_tasks()
    async with aclosing(synthesizer.speak(TEXT, VOICE)) as pieces:
        await anext(pieces)

    assert asyncio.all_tasks() == before
    assert await spoken(synthesizer)
