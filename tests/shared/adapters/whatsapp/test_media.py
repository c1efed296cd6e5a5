from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from shared.adapters.provider_access import bearer_access
from shared.adapters.whatsapp.media import GraphMedia
from shared.domain.media import MediaReference
from shared.errors import MediaRefused, ProviderUnavailable
from shared.ports.secrets import FixedSecrets
from tests.fakes.http_server import Reply, ScriptedServer, scripted_server

PNG = b"\x89PNG\r\n\x1a\n a picture"
HASH = base64.b64encode(hashlib.sha256(PNG).digest()).decode()
LIMIT = 5 * 2**20


@dataclass
class Graph:
    """Meta as far as files go: `described` overrides what it says of one, `answers` what lies at an address."""

    described: dict[str, Any] = field(default_factory=dict)
    refusal: tuple[int, dict[str, Any]] | None = None
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    server: ScriptedServer = field(init=False)

    async def serve(self, reply: Reply) -> None:
        path = self.server.requests[-1].path
        if path.startswith("/v26.0/"):
            await self._describe(reply)
            return
        status, body = self.answers.get(path, (200, PNG))
        await reply.plain(body, status=status, content_type="image/png")

    async def _describe(self, reply: Reply) -> None:
        if self.refusal is not None:
            await reply.whole(json.dumps(self.refusal[1]).encode(), status=self.refusal[0])
            return
        told = {"url": f"{self.server.url}/fresh", "mime_type": "image/png", "sha256": hashlib.sha256(PNG).hexdigest()}
        await reply.whole(json.dumps({**told, "file_size": len(PNG), "id": "900", **self.described}).encode())

    @property
    def asked(self) -> list[str]:
        return [request.path for request in self.server.requests]


@asynccontextmanager
async def meta(**given: Any) -> AsyncIterator[tuple[Graph, GraphMedia]]:
    graph = Graph(**given)
    async with scripted_server(graph.serve) as graph.server:
        media = GraphMedia(
            base_url=graph.server.url,
            api_version="v26.0",
            access=bearer_access(lambda: "secret", FixedSecrets()),
            sleep=_no_time,
        )
        try:
            yield graph, media
        finally:
            await media.aclose()


async def _no_time(_: float) -> None:
    return


async def test_an_id_becomes_an_address_and_the_address_a_file() -> None:
    async with meta() as (graph, media):
        file = await media.fetch_media(
            MediaReference(provider_id="900", mime_type="image/png", sha256=HASH, filename="cat.png"), limit_bytes=LIMIT
        )

    assert (file.content, file.mime_type, file.filename) == (PNG, "image/png", "cat.png")
    assert graph.asked == ["/v26.0/900", "/fresh"]
    assert {request.headers["authorization"] for request in graph.server.requests} == {"Bearer secret"}


async def test_the_address_of_the_webhook_saves_a_question() -> None:
    async with meta() as (graph, media):
        reference = MediaReference(provider_id="900", url=f"{graph.server.url}/told", sha256=HASH)
        await media.fetch_media(reference, limit_bytes=LIMIT)

    assert graph.asked == ["/told"]


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_an_address_that_has_expired_is_asked_for_anew(status: int) -> None:
    async with meta(answers={"/told": (status, b"")}) as (graph, media):
        reference = MediaReference(provider_id="900", url=f"{graph.server.url}/told", sha256=HASH)
        file = await media.fetch_media(reference, limit_bytes=LIMIT)

    assert file.content == PNG
    assert graph.asked == ["/told", "/v26.0/900", "/fresh"]


async def test_a_foreign_address_in_a_webhook_is_not_visited_but_asked_for_anew() -> None:
    async with scripted_server(Reply.plain) as foreign, meta() as (_, media):
        reference = MediaReference(provider_id="900", url=f"{foreign.url}/told", sha256=HASH)
        file = await media.fetch_media(reference, limit_bytes=LIMIT)

    assert file.content == PNG
    assert foreign.requests == []


async def test_a_foreign_address_from_the_graph_api_is_not_visited() -> None:
    async with scripted_server(Reply.plain) as foreign, meta(described={"url": f"{foreign.url}/x"}) as (_, media):
        with pytest.raises(MediaRefused) as refused:
            await media.fetch_media(MediaReference(provider_id="900"), limit_bytes=LIMIT)

    assert (refused.value.reason, foreign.requests) == ("foreign_host", [])


async def test_content_with_another_hash_is_refused() -> None:
    async with meta(answers={"/fresh": (200, PNG + b"!")}) as (_, media):
        with pytest.raises(MediaRefused) as refused:
            await media.fetch_media(MediaReference(provider_id="900", sha256=HASH), limit_bytes=LIMIT)

    assert refused.value.reason == "wrong_hash"


async def test_the_hash_that_the_graph_api_tells_is_checked_where_the_webhook_told_none() -> None:
    async with meta(described={"sha256": "00" * 32}) as (_, media):
        with pytest.raises(MediaRefused) as refused:
            await media.fetch_media(MediaReference(provider_id="900"), limit_bytes=LIMIT)

    assert refused.value.reason == "wrong_hash"


@pytest.mark.parametrize("size", [LIMIT + 1, str(LIMIT + 1)])
async def test_a_file_that_is_too_large_is_not_downloaded(size: object) -> None:
    async with meta(described={"file_size": size}) as (graph, media):
        with pytest.raises(MediaRefused) as refused:
            await media.fetch_media(MediaReference(provider_id="900"), limit_bytes=LIMIT)

    assert (refused.value.reason, graph.asked) == ("too_large", ["/v26.0/900"])


async def test_a_file_that_meta_forgot_is_gone() -> None:
    async with meta(refusal=(400, {"error": {"code": 100, "message": "does not exist"}})) as (_, media):
        with pytest.raises(MediaRefused) as refused:
            await media.fetch_media(MediaReference(provider_id="900"), limit_bytes=LIMIT)

    assert refused.value.reason == "gone"


@pytest.mark.parametrize("code", [190, 10, 200])
async def test_a_refused_token_loses_no_file(code: int) -> None:
    async with meta(refusal=(401, {"error": {"code": code}})) as (_, media):
        with pytest.raises(ProviderUnavailable):
            await media.fetch_media(MediaReference(provider_id="900"), limit_bytes=LIMIT)


async def test_an_id_cannot_lead_elsewhere_on_the_graph_api() -> None:
    async with meta() as (graph, media):
        await media.fetch_media(MediaReference(provider_id="../me?fields=x#"), limit_bytes=LIMIT)

    assert graph.asked[0] == "/v26.0/..%2Fme%3Ffields%3Dx%23"


async def test_the_access_token_goes_to_meta_and_not_to_where_meta_sends_us() -> None:
    seen: dict[str, str | None] = {}

    def handle(request: httpx.Request) -> httpx.Response:
        seen[request.url.host] = request.headers.get("authorization")
        if request.url.host == "lookaside.fbsbx.com":
            return httpx.Response(302, headers={"location": "https://scontent.xx.fbcdn.net/1"})
        return httpx.Response(200, content=PNG)

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["157.240.1.1"]

    media = GraphMedia(
        base_url="https://graph.facebook.com",
        api_version="v26.0",
        access=bearer_access(lambda: "secret", FixedSecrets()),
        transport=httpx.MockTransport(handle),
        resolve=resolve,
    )
    await media.fetch_media(MediaReference(url="https://lookaside.fbsbx.com/1"), limit_bytes=LIMIT)
    await media.aclose()

    assert seen == {"lookaside.fbsbx.com": "Bearer secret", "scontent.xx.fbcdn.net": None}
