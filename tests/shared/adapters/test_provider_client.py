"""Requests are sent again only where the provider certainly did nothing, and not for longer than it makes sense."""

from __future__ import annotations

import httpx
import pytest

from shared import tracing
from shared.adapters.provider_access import basic_access
from shared.adapters.provider_client import PassingProviderFailure, ProviderClient
from shared.domain.json_value import JSON
from shared.domain.media import MediaFile
from shared.errors import ProviderRejected, ProviderUnavailable
from shared.ports.secrets import FixedSecrets
from tests.traces import traced


class Provider:
    """Answers in turn, the last one again and again; notes requests and pauses."""

    def __init__(self, *answers: int | Exception, wait_seconds: int | None = None) -> None:
        self._answers = list(answers)
        self._wait_seconds = wait_seconds
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def client(self) -> ProviderClient:
        """A client of this provider."""
        return ProviderClient(
            base_url="https://provider.example/v1/",
            explain=self._explain,
            access=basic_access("user", lambda: "password", FixedSecrets()),
            transport=httpx.MockTransport(self._answer),
            sleep=self._sleep,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, json={"id": "m-1"})

    def _explain(self, status: int, _: JSON) -> ProviderUnavailable | ProviderRejected:
        if status == 429:
            return PassingProviderFailure("Later.", retry_after_seconds=self._wait_seconds)
        return ProviderRejected("No.", provider_code=str(status))

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def test_an_answer_is_read() -> None:
    assert await Provider(200).client().post("/messages", json={"a": 1}) == {"id": "m-1"}


@pytest.mark.parametrize(("wait_seconds", "attempts"), [(None, 3), (1, 3), (6, 2), (60, 1)])
async def test_the_provider_says_how_long_to_wait_and_seven_seconds_are_the_most(
    wait_seconds: int | None, attempts: int
) -> None:
    provider = Provider(429, wait_seconds=wait_seconds)

    with pytest.raises(PassingProviderFailure):
        await provider.client().post("/messages", json={})

    assert len(provider.requests) == attempts
    assert sum(provider.pauses) <= 7
    assert all(pause >= (wait_seconds or 0) for pause in provider.pauses)


async def test_no_connection_is_tried_again() -> None:
    provider = Provider(httpx.ConnectError("no"), 200)

    await provider.client().post("/messages", json={})

    assert len(provider.requests) == 2


async def test_what_may_have_arrived_is_not_sent_again() -> None:
    provider = Provider(httpx.ReadTimeout("late"))

    with pytest.raises(ProviderUnavailable):
        await provider.client().post("/messages", json={})

    assert (len(provider.requests), provider.pauses) == (1, [])


async def test_a_file_travels_with_its_type_and_its_name() -> None:
    provider = Provider(200)
    file = MediaFile(content=b"OggS", mime_type="audio/ogg; codecs=opus", filename="note.ogg")

    await provider.client().upload("/media", file, form={"kind": "audio"})

    (request,) = provider.requests
    assert str(request.url) == "https://provider.example/v1/media"
    for part in (b'filename="note.ogg"', b"Content-Type: audio/ogg; codecs=opus", b"OggS", b'name="kind"'):
        assert part in request.content


async def test_another_host_of_the_same_provider_is_named_by_its_whole_address() -> None:
    provider = Provider(200)

    await provider.client().post("https://messaging.provider.example/v2/typing", form={"a": "1"})

    (request,) = provider.requests
    assert str(request.url) == "https://messaging.provider.example/v2/typing"
    assert request.content == b"a=1"


async def test_closing_twice_is_safe() -> None:
    client = Provider(200).client()
    await client.get("/messages", query={})

    await client.aclose()
    await client.aclose()


async def test_each_attempt_is_a_span_with_host_and_status_and_no_address() -> None:
    provider = Provider(429, 200)

    with traced() as traces, tracing.span("send"):
        await provider.client().post("/messages/919800000001?token=abc", json={"text": "words of a user"})

    refused, taken = traces.named("provider_request")
    assert [span.attributes["http.response.status_code"] for span in (refused, taken)] == [429, 200]
    assert (refused.error, taken.error) == (PassingProviderFailure.code, "")
    assert taken.attributes["server.address"] == "provider.example"
    assert all(secret not in traces.words() for secret in ("919800000001", "token", "words of a user", "password"))


async def test_a_provider_is_told_nothing_of_the_trace() -> None:
    provider = Provider(200)

    with traced(), tracing.span("send"):
        await provider.client().post("/messages")

    assert not {"traceparent", "x-amzn-trace-id"} & provider.requests[0].headers.keys()
