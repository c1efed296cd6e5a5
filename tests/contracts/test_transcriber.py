"""Every recogniser hears utterance by utterance, forgets what it was told to forget, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.errors import SpeechUnavailable
from stream_service.listening.moonshine import MoonshineTranscriber
from stream_service.listening.reliable import Patience, ReliableTranscriber
from stream_service.listening.scripted import ScriptedTranscriber
from stream_service.listening.transcriber import Transcriber, TranscriptionStream
from stream_service.media.audio import FRAME_BYTES, MULAW_SILENCE
from tests.fakes.flaky_engines import HANG, FlakyTranscriber, Hearing
from tests.stream_service.listening.utterances import MODEL_DIR, recorded_utterances

KINDS = ("scripted", "reliable", "over_failing", "over_dead", pytest.param("local", marks=pytest.mark.integration))
SPEECH = recorded_utterances()[0].mulaw
SILENCE = bytes([MULAW_SILENCE]) * FRAME_BYTES * 25


@pytest.fixture(params=KINDS)
async def transcriber(request: pytest.FixtureRequest) -> Transcriber:
    """A warm recogniser of each kind."""
    made = _transcriber(request.param)
    await made.warm_up()
    return made


def _transcriber(kind: str) -> Transcriber:
    failure = SpeechUnavailable("out of order")
    match kind:
        case "scripted":
            return ScriptedTranscriber()
        case "local":
            return MoonshineTranscriber(MODEL_DIR)
        case "reliable":
            return ReliableTranscriber({"scripted": ScriptedTranscriber()})
        case "over_failing":
            failing = FlakyTranscriber(HANG, failure, Hearing(results=[failure]), Hearing(lost_after_bytes=800))
            engines: dict[str, Transcriber] = {"failing": failing, "scripted": ScriptedTranscriber()}
            return ReliableTranscriber(engines, patience=Patience(open_seconds=0.02, result_seconds=0.02))
        case _:
            dead = FlakyTranscriber(*[failure] * 100, warms_up=False)
            return ReliableTranscriber({"dead": dead, "scripted": ScriptedTranscriber()})


@pytest.fixture
async def stream(transcriber: Transcriber) -> AsyncIterator[TranscriptionStream]:
    """A call being heard; when it ends, no task of it goes on."""
    before = asyncio.all_tasks()
    stream = await transcriber.open(language="en-IN", on_partial=lambda _: None)
    yield stream
    await stream.aclose()
    await stream.aclose()
    assert asyncio.all_tasks() <= before | {asyncio.current_task()}


def feed(stream: TranscriptionStream, mulaw: bytes, *, is_speech: bool) -> None:
    for start in range(0, len(mulaw), FRAME_BYTES):
        stream.feed(mulaw[start : start + FRAME_BYTES], is_speech=is_speech)


async def test_an_utterance_becomes_words_in_the_calls_language(stream: TranscriptionStream) -> None:
    feed(stream, SPEECH, is_speech=True)
    feed(stream, SILENCE, is_speech=False)
    transcript = await stream.finish_utterance()

    assert transcript.text
    assert transcript.language == "en-IN"
    assert not stream.is_lost


async def test_silence_has_no_words(stream: TranscriptionStream) -> None:
    feed(stream, SILENCE, is_speech=False)

    assert (await stream.finish_utterance()).text == ""


async def test_an_utterance_is_told_once(stream: TranscriptionStream) -> None:
    feed(stream, SPEECH, is_speech=True)
    await stream.finish_utterance()
    feed(stream, SILENCE, is_speech=False)

    assert (await stream.finish_utterance()).text == ""


async def test_a_discarded_utterance_has_no_words(stream: TranscriptionStream) -> None:
    feed(stream, SPEECH, is_speech=True)
    stream.discard_utterance()

    assert (await stream.finish_utterance()).text == ""


async def test_a_pause_that_was_no_end_loses_no_word(stream: TranscriptionStream) -> None:
    feed(stream, SPEECH, is_speech=True)
    stream.pause()
    feed(stream, SPEECH, is_speech=True)

    assert (await stream.finish_utterance()).text


async def test_the_call_goes_on_after_a_change_of_language(stream: TranscriptionStream) -> None:
    feed(stream, SPEECH, is_speech=True)
    await stream.use_language("en-GB")
    transcript = await stream.finish_utterance()

    assert transcript.text
    assert transcript.language == "en-GB"
