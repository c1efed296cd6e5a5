"""Whoever is refused with a secret of before tries once more with that of the moment, and nothing is done twice."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.adapters.media_download import AccessDenied, MediaDownload, MediaHosts
from shared.adapters.models.openai_client import OpenAICompatibleClient
from shared.adapters.provider_access import basic_access, bearer_access
from shared.adapters.provider_client import ProviderClient
from shared.adapters.twilio.client import twilio_client
from shared.adapters.voice_notes.openai_compatible import OpenAICompatibleSpeech
from shared.adapters.whatsapp.refusals import explain_refusal
from shared.errors import ModelUnavailable, ProviderBusy, SpeechUnavailable
from tests.fakes.http_server import Reply, Script, scripted_server
from tests.fakes.secret_source import FakeSecretSource

NEW, OLD = "the-new-secret", "the-old-secret"
GRAPH_REFUSAL = {"error": {"code": 190, "message": "Invalid OAuth access token."}}
TWILIO_REFUSAL = {"code": 20003, "message": "Authenticate"}


class Provider:
    """Takes what comes with the new secret, and says no to everybody else."""

    def __init__(self, refusal: dict[str, Any]) -> None:
        self.refusal = refusal
        self.taken = 0
        self.refused = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        kind, _, proof = request.headers["authorization"].partition(" ")
        given = base64.b64decode(proof).decode().partition(":")[2] if kind == "Basic" else proof
        if given != NEW:
            self.refused += 1
            return httpx.Response(401, json=self.refusal)
        self.taken += 1
        return httpx.Response(200, json={"id": "m-1"})


async def no_pause(_seconds: float) -> None:
    """Nobody waits in tests."""


def graph(provider: Provider, source: FakeSecretSource) -> ProviderClient:
    return ProviderClient(
        base_url="https://graph.example",
        explain=explain_refusal,
        access=bearer_access(source, source),
        transport=httpx.MockTransport(provider),
        sleep=no_pause,
    )


def twilio(provider: Provider, source: FakeSecretSource) -> ProviderClient:
    return twilio_client(
        base_url="https://api.example",
        account_sid="AC1",
        access=basic_access("AC1", source, source),
        transport=httpx.MockTransport(provider),
        sleep=no_pause,
    )


BOTH = pytest.mark.parametrize(
    ("client_of", "refusal"), [(graph, GRAPH_REFUSAL), (twilio, TWILIO_REFUSAL)], ids=["Graph", "Twilio"]
)


@BOTH
async def test_a_message_that_was_refused_for_the_secret_leaves_once_with_the_new_one(
    client_of: Callable[..., ProviderClient], refusal: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    provider, source = Provider(refusal), FakeSecretSource(OLD, kept=NEW)

    with caplog.at_level(logging.INFO):
        answer = await client_of(provider, source).post("/messages", json={"text": "Hello"})

    assert answer == {"id": "m-1"}
    assert (provider.refused, provider.taken, source.looks) == (1, 1, 1)
    # A rotation is no alarm.
    assert "provider_token_refused" not in caplog.text


@BOTH
async def test_where_there_is_no_other_secret_the_message_waits_and_somebody_hears_of_it(
    client_of: Callable[..., ProviderClient], refusal: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    provider, source = Provider(refusal), FakeSecretSource(OLD)

    with caplog.at_level(logging.INFO), pytest.raises(ProviderBusy):
        await client_of(provider, source).post("/messages", json={"text": "Hello"})

    assert (provider.refused, provider.taken, source.looks) == (1, 0, 1)
    assert "provider_token_refused" in caplog.text


@BOTH
async def test_a_new_secret_that_is_refused_too_is_not_tried_for_ever(
    client_of: Callable[..., ProviderClient], refusal: dict[str, Any]
) -> None:
    provider, source = Provider(refusal), FakeSecretSource(OLD, kept="another-wrong-one")

    with pytest.raises(ProviderBusy):
        await client_of(provider, source).post("/messages", json={"text": "Hello"})

    assert (provider.refused, provider.taken) == (2, 0)


async def test_a_file_is_fetched_with_the_new_secret() -> None:
    provider, source = Provider({}), FakeSecretSource(OLD, kept=NEW)
    download = MediaDownload(
        MediaHosts(api_base_url="https://api.example", trusted=(), public=()),
        access=bearer_access(source, source),
        transport=httpx.MockTransport(provider),
        sleep=no_pause,
    )

    found = await download("https://api.example/file", limit_bytes=1000)

    assert found.content == b'{"id":"m-1"}'
    assert (provider.refused, provider.taken) == (1, 1)


async def test_a_file_that_nobody_may_have_is_asked_for_once() -> None:
    provider, source = Provider({}), FakeSecretSource(OLD)
    download = MediaDownload(
        MediaHosts(api_base_url="https://api.example", trusted=(), public=()),
        access=bearer_access(source, source),
        transport=httpx.MockTransport(provider),
        sleep=no_pause,
    )

    with pytest.raises(AccessDenied):
        await download("https://api.example/file", limit_bytes=1000)

    assert provider.refused == 1


def answering(status: int, body: bytes = b"{}") -> Script:
    async def script(reply: Reply) -> None:
        await reply.whole(body, status=status)

    return script


async def test_a_model_is_asked_again_with_the_new_key() -> None:
    source = FakeSecretSource(OLD, kept=NEW)
    async with scripted_server(answering(401), answering(200)) as server:
        client = OpenAICompatibleClient(base_url=server.url, access=bearer_access(source, source))
        response = await client.post("/chat/completions", {"model": "m"})
        await response.aclose()
        await client.aclose()

    assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {OLD}", f"Bearer {NEW}"]


async def test_a_model_whose_key_is_refused_for_good_is_unavailable_at_once() -> None:
    source = FakeSecretSource(OLD)
    async with scripted_server(answering(401)) as server:
        client = OpenAICompatibleClient(base_url=server.url, access=bearer_access(source, source))
        with pytest.raises(ModelUnavailable):
            await client.post("/chat/completions", {"model": "m"})
        await client.aclose()

    assert len(server.requests) == 1


def speech(url: str, source: FakeSecretSource) -> OpenAICompatibleSpeech:
    return OpenAICompatibleSpeech(
        base_url=url, access=bearer_access(source, source), transcription_model="hears", speech_model="speaks"
    )


async def test_a_voice_note_is_heard_with_the_new_key() -> None:
    source = FakeSecretSource(OLD, kept=NEW)
    async with scripted_server(answering(401), answering(200, b'{"text": "Hello."}')) as server:
        client = speech(server.url, source)
        heard = await client.transcribe(b"OggS", mime_type="audio/ogg")
        await client.aclose()

    assert heard == "Hello."
    assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {OLD}", f"Bearer {NEW}"]


async def test_a_voice_note_is_not_heard_when_no_key_is_accepted() -> None:
    source = FakeSecretSource(OLD)
    async with scripted_server(answering(401)) as server:
        client = speech(server.url, source)
        with pytest.raises(SpeechUnavailable):
            await client.transcribe(b"OggS", mime_type="audio/ogg")
        await client.aclose()
