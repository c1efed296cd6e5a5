from __future__ import annotations

import pytest

from shared.adapters.voice_notes.polly import PollyNotes
from shared.domain.voice import Voice
from shared.domain.voice_note import LARGEST_SPOKEN_BYTES
from shared.errors import SpeechRefused, SpeechUnavailable
from tests.fakes.aws_events import aws_session
from tests.fakes.http_server import Reply, scripted_server


async def note(reply: Reply) -> None:
    await reply.whole(b"OggS-note", content_type="audio/ogg")


async def far_too_long(reply: Reply) -> None:
    await reply.whole(b"OggS" + bytes(2 * LARGEST_SPOKEN_BYTES), content_type="audio/ogg")


async def refuse(reply: Reply) -> None:
    await reply.whole(b'{"__type": "ThrottlingException", "message": "x"}', status=400)


async def test_a_reply_is_spoken_as_opus_by_the_voice_of_its_language() -> None:
    async with scripted_server(note) as server:
        audio = await PollyNotes(aws_session(), endpoint_url=server.url).speak("हम नौ बजे खुलते हैं।", Voice())

    assert audio == b"OggS-note"
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/speech")
    assert request.json == {
        "Engine": "neural",
        "VoiceId": "Kajal",
        "LanguageCode": "hi-IN",
        "OutputFormat": "ogg_opus",
        "SampleRate": "48000",
        "Text": "हम नौ बजे खुलते हैं।",
        "TextType": "text",
    }


async def test_no_more_is_read_than_tells_that_it_is_too_large() -> None:
    async with scripted_server(far_too_long) as server:
        audio = await PollyNotes(aws_session(), endpoint_url=server.url).speak("Long", Voice())

    assert len(audio) == LARGEST_SPOKEN_BYTES + 1


async def test_a_script_without_a_voice_is_refused_unasked() -> None:
    async with scripted_server(note) as server:
        with pytest.raises(SpeechRefused):
            await PollyNotes(aws_session(), endpoint_url=server.url).speak("வணக்கம்", Voice(language="ta-IN"))

    assert server.requests == []


async def test_a_service_in_trouble_is_unavailable() -> None:
    async with scripted_server(refuse) as server:
        with pytest.raises(SpeechUnavailable):
            await PollyNotes(aws_session(), endpoint_url=server.url).speak("Hello", Voice())
