"""A recogniser that is used before it is open."""

from __future__ import annotations

import asyncio

import pytest

from shared.errors import SpeechUnavailable
from stream_service.listening.late import LateTranscription
from stream_service.listening.scripted import ScriptedTranscriber
from stream_service.listening.transcriber import TranscriptionStream

FRAME = bytes(160)


async def opened_when(event: asyncio.Event) -> TranscriptionStream:
    await event.wait()
    return await ScriptedTranscriber(["Hello."]).open(language="en-IN", on_partial=lambda _text: None)


async def refused() -> TranscriptionStream:
    raise SpeechUnavailable("full")


async def test_what_was_said_before_it_was_open_is_recognised() -> None:
    is_open = asyncio.Event()
    stream = LateTranscription(lambda: opened_when(is_open))
    stream.feed(FRAME, is_speech=True)
    stream.pause()
    finishing = asyncio.create_task(stream.finish_utterance())

    is_open.set()

    assert (await finishing).text == "Hello."
    await stream.aclose()


async def test_one_that_cannot_be_opened_says_so_when_words_are_wanted() -> None:
    stream = LateTranscription(refused)
    stream.feed(FRAME, is_speech=True)

    with pytest.raises(SpeechUnavailable):
        await stream.finish_utterance()

    await stream.aclose()


async def test_a_call_that_ends_before_it_is_open_leaves_nothing_behind() -> None:
    stream = LateTranscription(lambda: opened_when(asyncio.Event()))
    before = asyncio.all_tasks()

    await stream.aclose()
    await stream.aclose()

    assert len(asyncio.all_tasks()) == len(before) - 1
