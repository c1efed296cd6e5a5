"""SynthesizeSpeech over a real socket, parsed and validated by the real service model."""

import asyncio
import json
from contextlib import aclosing, asynccontextmanager

import pytest
from botocore.stub import Stubber

from shared.adapters.aws.polly_voices import DEFAULT_VOICES, PollyVoice
from shared.domain.voice import Voice
from shared.errors import SpeechRefused, SpeechUnavailable
from stream_service.media.audio import BYTES_PER_MS
from stream_service.speaking.polly import Polly
from tests.fakes.aws_events import aws_session
from tests.fakes.http_server import scripted_server

AUDIO = bytes(range(256)) * 32  # About a second.


def answers(*chunks):
    async def script(reply):
        await reply.head(content_type="audio/mulaw")
        for chunk in chunks:
            await reply.chunk(chunk)
        await reply.end()

    return script


def fails(status, code):
    async def script(reply):
        await reply.whole(json.dumps({"__type": code, "message": "secret detail"}).encode(), status=status)

    return script


async def never_ends(reply):
    await reply.head(content_type="audio/mulaw")
    await reply.chunk(AUDIO[: 100 * BYTES_PER_MS])
    await reply.hung_up.wait()


async def never_begins(reply):
    await reply.hung_up.wait()


async def breaks_off(reply):
    await reply.head(content_type="audio/mulaw")
    await reply.chunk(AUDIO[: 100 * BYTES_PER_MS])
    await reply.break_off()


DEFAULT_VOICE = Voice()


@asynccontextmanager
async def polly_on(*scripts, **settings):
    async with scripted_server(*scripts) as server:
        yield Polly(aws_session(), endpoint_url=server.url, **settings), server


async def speak(polly, text="We open at nine.", voice=DEFAULT_VOICE):
    return [piece async for piece in polly.speak(text, voice)]


async def test_audio_comes_whole_in_pieces():
    async with polly_on(answers(AUDIO[:1000], AUDIO[1000:])) as (polly, _):
        pieces = await speak(polly)

    assert b"".join(pieces) == AUDIO
    assert len(pieces[0]) == 100 * BYTES_PER_MS
    assert max(len(piece) for piece in pieces) <= 250 * BYTES_PER_MS


async def test_piece_is_handed_on_before_the_next_one_exists():
    async with polly_on(never_ends) as (polly, _), aclosing(polly.speak("Hello.", Voice())) as pieces:
        assert await anext(pieces) == AUDIO[: 100 * BYTES_PER_MS]


async def test_telephone_audio_is_asked_for():
    async with polly_on(answers(AUDIO)) as (polly, server):
        await speak(polly, "नमस्ते <break/>", Voice(language="hi-IN"))

    assert server.requests[0].path == "/v1/speech"
    assert server.requests[0].json == {
        "Engine": "neural",
        "LanguageCode": "hi-IN",
        "OutputFormat": "mulaw",
        "SampleRate": "8000",
        "Text": "नमस्ते <break/>",
        "TextType": "text",
        "VoiceId": "Kajal",
    }


async def test_named_voice_is_asked_for_by_its_name():
    async with polly_on(answers(AUDIO)) as (polly, server):
        await speak(polly, voice=Voice(name="Aditi"))

    assert server.requests[0].json["VoiceId"] == "Aditi"


async def test_voices_can_be_configured():
    voices = {"en-IN": PollyVoice(voice_id="Arjun", engine="generative")}
    async with polly_on(answers(AUDIO), voices=voices) as (polly, server):
        await speak(polly)

    assert (server.requests[0].json["VoiceId"], server.requests[0].json["Engine"]) == ("Arjun", "generative")


def test_every_default_voice_exists_in_the_service_model():
    model = aws_session().client("polly").meta.service_model

    assert {voice.voice_id for voice in DEFAULT_VOICES.values()} <= set(model.shape_for("VoiceId").enum)
    assert set(DEFAULT_VOICES) <= set(model.shape_for("LanguageCode").enum)
    assert "mulaw" in model.shape_for("OutputFormat").enum


async def test_request_is_valid_for_the_service_model(monkeypatch):
    session = aws_session()
    client = session.client("polly")
    monkeypatch.setattr(session, "client", lambda *_, **__: client)
    with Stubber(client) as stubber:
        stubber.add_client_error("synthesize_speech", "ServiceFailureException")

        with pytest.raises(SpeechUnavailable):
            await speak(Polly(session))


async def test_blank_text_needs_no_request():
    async with polly_on(answers(AUDIO)) as (polly, server):
        assert await speak(polly, "  ") == []

    assert server.requests == []


async def test_script_that_no_voice_reads_is_refused_without_a_request():
    async with polly_on(answers(AUDIO)) as (polly, server):
        with pytest.raises(SpeechRefused, match="ta-IN"):
            await speak(polly, "வணக்கம்", Voice(language="ta-IN"))

    assert server.requests == []


async def test_language_without_voice_is_spoken_by_the_english_one_and_noted_once(caplog):
    async with polly_on(answers(AUDIO), answers(AUDIO)) as (polly, server):
        await speak(polly, "Selamat pagi.", Voice(language="ms-MY"))
        await speak(polly, "Terima kasih.", Voice(language="ms-MY"))

    assert {request.json["LanguageCode"] for request in server.requests} == {"en-IN"}
    assert [record.getMessage() for record in caplog.records].count("voice_substituted") == 1


async def test_next_sentence_uses_the_same_connection():
    async with polly_on(answers(AUDIO)) as (polly, server):
        await speak(polly)
        await speak(polly)

    assert (len(server.requests), len(server.hang_ups)) == (2, 1)


async def test_closing_the_iterator_closes_the_connection():
    async with polly_on(never_ends) as (polly, server):
        async with aclosing(polly.speak("Hello.", Voice())) as pieces:
            await anext(pieces)

        await asyncio.wait_for(server.hang_ups[0].wait(), 20)


async def test_cancelling_the_reader_closes_the_connection_when_its_thread_gives_up():
    async with polly_on(never_ends, next_piece_seconds=0.3, first_piece_seconds=0.3) as (polly, server):
        first = asyncio.Event()

        async def read():
            async for _ in polly.speak("Hello.", Voice()):
                first.set()

        reader = asyncio.ensure_future(read())
        await first.wait()
        await asyncio.sleep(0)  # The reader asks for the next piece.
        reader.cancel()

        await asyncio.wait_for(server.hang_ups[0].wait(), 20)


@pytest.mark.parametrize("script", [never_begins, never_ends, breaks_off])
async def test_failure_of_the_service_is_bounded(script):
    async with polly_on(script, first_piece_seconds=0.5, next_piece_seconds=0.2) as (polly, _):
        with pytest.raises(SpeechUnavailable):
            await speak(polly)


async def test_passing_failure_is_tried_again():
    async with polly_on(fails(500, "ServiceFailureException"), answers(AUDIO)) as (polly, _):
        assert b"".join(await speak(polly)) == AUDIO


@pytest.mark.parametrize("code", ["TextLengthExceededException", "ValidationException", "EngineNotSupportedException"])
async def test_refusal_is_not_tried_again_and_its_text_is_not_repeated(code):
    async with polly_on(fails(400, code)) as (polly, server):
        with pytest.raises(SpeechRefused) as caught:
            await speak(polly)

    assert len(server.requests) == 1
    assert "secret" not in str(caught.value)


async def test_throttling_is_no_refusal():
    async with polly_on(*[fails(400, "ThrottlingException")] * 2) as (polly, _):
        with pytest.raises(SpeechUnavailable) as caught:
            await speak(polly)

    assert not isinstance(caught.value, SpeechRefused)


async def test_warm_up_builds_the_client_before_the_first_sentence():
    async with polly_on(answers(AUDIO)) as (polly, _):
        await polly.warm_up()

        assert b"".join(await speak(polly)) == AUDIO
