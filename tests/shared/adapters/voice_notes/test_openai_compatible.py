from __future__ import annotations

import asyncio
import json

import pytest

from shared.adapters.provider_access import bearer_access
from shared.adapters.voice_notes.openai_compatible import OpenAICompatibleSpeech
from shared.domain.voice import Voice
from shared.domain.voice_note import LARGEST_SPOKEN_BYTES, VOICE_NOTE_TYPE
from shared.errors import MediaRefused, SpeechUnavailable
from shared.ports.secrets import FixedSecrets
from tests.fakes.http_server import Reply, Script, scripted_server


def answer(body: bytes, *, status: int = 200) -> Script:
    async def script(reply: Reply) -> None:
        await reply.whole(body, status=status)

    return script


async def never(reply: Reply) -> None:
    await reply.hung_up.wait()


def engine(url: str, *, seconds: float = 5) -> OpenAICompatibleSpeech:
    return OpenAICompatibleSpeech(
        base_url=f"{url}/v1",
        access=bearer_access(lambda: "sk-test", FixedSecrets()),
        transcription_model="hearing-model",
        speech_model="speaking-model",
        transcribe_seconds=seconds,
        speak_seconds=seconds,
    )


async def transcribe(client: OpenAICompatibleSpeech, mime_type: str = VOICE_NOTE_TYPE) -> str:
    try:
        return await client.transcribe(b"OggS-sound", mime_type=mime_type)
    finally:
        await client.aclose()


async def speak(client: OpenAICompatibleSpeech, voice: Voice | None = None) -> bytes:
    try:
        return await client.speak("Good morning", voice or Voice())
    finally:
        await client.aclose()


async def test_a_voice_note_is_uploaded_with_its_model() -> None:
    async with scripted_server(answer(b'{"text": " Namaste. "}')) as server:
        words = await transcribe(engine(server.url))

    assert words == "Namaste."
    (request,) = server.requests
    assert (request.path, request.headers["authorization"]) == ("/v1/audio/transcriptions", "Bearer sk-test")
    assert request.headers["content-type"].startswith("multipart/form-data")
    for part in (b'filename="voice_note.ogg"', b"OggS-sound", b"hearing-model"):
        assert part in request.body


async def test_a_reply_is_spoken_as_opus() -> None:
    async with scripted_server(answer(b"OggS-note")) as server:
        note = await speak(engine(server.url), Voice(name="nova"))

    assert note == b"OggS-note"
    assert json.loads(server.requests[0].body) == {
        "model": "speaking-model",
        "input": "Good morning",
        "voice": "nova",
        "response_format": "opus",
    }


async def test_the_default_voice_has_a_name_that_the_endpoint_knows() -> None:
    async with scripted_server(answer(b"OggS-note")) as server:
        await speak(engine(server.url))

    assert server.requests[0].json["voice"] == "alloy"


@pytest.mark.parametrize("status", [400, 413, 415])
async def test_a_file_that_the_endpoint_refuses_is_not_sent_again(status: int) -> None:
    async with scripted_server(answer(b"{}", status=status)) as server:
        with pytest.raises(MediaRefused):
            await transcribe(engine(server.url))


async def test_a_type_without_sound_is_refused_unasked() -> None:
    async with scripted_server(never) as server:
        with pytest.raises(MediaRefused):
            await transcribe(engine(server.url), "application/pdf")

    assert server.requests == []


@pytest.mark.parametrize(
    "script",
    [
        answer(b"{}", status=500),
        answer(b"{}", status=401),
        answer(b"not json"),
        answer(b"[]"),
        answer(b'{"text": null}'),
        answer(b'{"text": "' + b"x" * 300_000 + b'"}'),
    ],
)
async def test_an_endpoint_that_fails_is_unavailable(script: Script) -> None:
    async with scripted_server(script) as server:
        with pytest.raises(SpeechUnavailable):
            await transcribe(engine(server.url))


@pytest.mark.parametrize(
    "script",
    [
        answer(b"RIFF-wave"),
        answer(b"", status=200),
        answer(b"{}", status=400),
        answer(b"{}", status=503),
        answer(b"OggS" + bytes(LARGEST_SPOKEN_BYTES)),
    ],
)
async def test_what_is_no_voice_note_is_not_passed_on(script: Script) -> None:
    async with scripted_server(script) as server:
        with pytest.raises(SpeechUnavailable):
            await speak(engine(server.url))


async def test_an_endpoint_that_never_answers_is_given_up() -> None:
    async with scripted_server(never) as server:
        client = engine(server.url, seconds=0.05)
        async with asyncio.timeout(5):
            with pytest.raises(SpeechUnavailable):
                await transcribe(client)
            with pytest.raises(SpeechUnavailable):
                await speak(client)


async def test_nobody_at_the_address_is_unavailable() -> None:
    async with scripted_server(never) as server:
        url = server.url

    with pytest.raises(SpeechUnavailable):
        await transcribe(engine(url))
