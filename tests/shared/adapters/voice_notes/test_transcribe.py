from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from shared.adapters.voice_notes.transcribe import TranscribeNotes, chunks
from shared.domain.voice_note import VOICE_NOTE_TYPE
from shared.errors import MediaRefused, SpeechUnavailable
from tests.fakes.aws_events import aws_session
from tests.fakes.transcribe_results import result
from tests.fakes.transcribe_server import TranscribeServer, TranscribeSession, transcribe_server
from tests.local.speech.voice_notes import SATURDAY, spoken, written

NOTE = spoken(SATURDAY)


@pytest.fixture
async def server() -> AsyncIterator[TranscribeServer]:
    async with transcribe_server() as running:
        yield running


class Pauses:
    def __init__(self) -> None:
        self.seconds = 0.0

    async def __call__(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


def engine(server: TranscribeServer, *, timeout_seconds: float = 5, pauses: Pauses | None = None) -> TranscribeNotes:
    return TranscribeNotes(
        aws_session(), endpoint_url=server.url, timeout_seconds=timeout_seconds, sleep=pauses or Pauses()
    )


async def begin(server: TranscribeServer, note: bytes = NOTE) -> tuple[asyncio.Task[str], TranscribeSession]:
    words = asyncio.create_task(engine(server).transcribe(note, mime_type=VOICE_NOTE_TYPE))
    session = await server.session(0)
    await asyncio.wait_for(session.has_ended.wait(), timeout=5)
    return words, session


async def test_the_whole_file_is_sent_and_the_final_words_come_back(server: TranscribeServer) -> None:
    words, session = await begin(server)
    await session.say(result("can you", 0, 500))
    await session.say(result("Can you tell me", 0, 900, is_final=True))
    await session.say(result("what time you open?", 900, 2000, is_final=True, result_id="r2"))
    await session.close()

    assert await words == "Can you tell me what time you open?"
    assert session.pcm == NOTE
    assert session.batches[-1] == b""


async def test_the_service_is_told_the_form_and_asked_to_tell_the_language(server: TranscribeServer) -> None:
    words, session = await begin(server)
    await session.close()
    await words

    asked = session.parameters
    assert (asked["media-encoding"], asked["sample-rate"]) == ("ogg-opus", "16000")
    assert asked["identify-language"] == "true"
    assert asked["language-options"].split(",")[:2] == ["en-IN", "hi-IN"]
    assert "language-code" not in asked


async def test_silence_has_no_words(server: TranscribeServer) -> None:
    words, session = await begin(server)
    await session.close()

    assert await words == ""


@pytest.mark.parametrize(("seconds", "sending"), [(8, 2), (300, 15)])
async def test_a_note_goes_faster_than_it_was_spoken(server: TranscribeServer, seconds: int, sending: int) -> None:
    pauses = Pauses()
    note = written(np.zeros(seconds * 8000, dtype=np.float32), 8000, "OGG", "OPUS")
    words = asyncio.create_task(engine(server, pauses=pauses).transcribe(note, mime_type=VOICE_NOTE_TYPE))
    session = await server.session(0)
    await asyncio.wait_for(session.has_ended.wait(), timeout=5)
    await session.close()
    await words

    assert pauses.seconds == pytest.approx(sending, rel=0.1)


def test_the_pieces_are_equal_and_short() -> None:
    sizes = [len(piece) for piece in chunks(bytes(10_000), 10)]

    assert set(sizes) == {200}
    assert sum(sizes) == 10_000


@pytest.mark.parametrize(
    ("content", "mime_type"),
    [(b"ID3" + bytes(500), "audio/mpeg"), (NOTE, "application/ogg"), (b"", VOICE_NOTE_TYPE)],
)
async def test_what_the_service_cannot_read_is_refused_unasked(
    server: TranscribeServer, content: bytes, mime_type: str
) -> None:
    with pytest.raises(MediaRefused):
        await engine(server).transcribe(content, mime_type=mime_type)

    assert server.attempts == 0


async def test_a_file_that_the_service_refuses_is_not_tried_again(server: TranscribeServer) -> None:
    words, session = await begin(server)
    await session.fail("BadRequestException")

    with pytest.raises(MediaRefused):
        await words


async def test_a_service_in_trouble_is_unavailable(server: TranscribeServer) -> None:
    words, session = await begin(server)
    await session.fail("LimitExceededException")

    with pytest.raises(SpeechUnavailable):
        await words


async def test_a_lost_connection_is_unavailable(server: TranscribeServer) -> None:
    words, session = await begin(server)
    session.drop()

    with pytest.raises(SpeechUnavailable):
        await words


async def test_damaged_messages_are_unavailable(server: TranscribeServer) -> None:
    words, session = await begin(server)
    await session.send_raw(b"no message")

    with pytest.raises(SpeechUnavailable):
        await words


async def test_a_refused_connection_is_unavailable(server: TranscribeServer) -> None:
    server.refusals = 1

    with pytest.raises(SpeechUnavailable):
        await engine(server).transcribe(NOTE, mime_type=VOICE_NOTE_TYPE)


async def test_a_service_that_never_answers_is_given_up(server: TranscribeServer) -> None:
    with pytest.raises(SpeechUnavailable):
        await engine(server, timeout_seconds=0.3).transcribe(NOTE, mime_type=VOICE_NOTE_TYPE)
