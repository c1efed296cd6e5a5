from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from shared.adapters.provider_access import basic_access
from shared.adapters.twilio.media import TwilioMedia
from shared.domain.media import MediaReference
from shared.errors import MediaRefused
from shared.ports.secrets import FixedSecrets
from tests.fakes.http_server import Reply, scripted_server

JPEG = b"\xff\xd8\xff\xe0 a picture"
PROOF = f"Basic {base64.b64encode(b'AC1:secret').decode()}"
PATH = "/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
LIMIT = 5 * 2**20


@asynccontextmanager
async def twilio(base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[TwilioMedia]:
    media = TwilioMedia(
        base_url=base_url,
        access=basic_access("AC1", lambda: "secret", FixedSecrets()),
        transport=transport,
        resolve=_somewhere,
        sleep=_no_time,
    )
    try:
        yield media
    finally:
        await media.aclose()


async def _no_time(_: float) -> None:
    return


async def _somewhere(_host: str, _port: int) -> list[str]:
    return ["54.172.60.1"]


async def test_a_file_is_fetched_with_basic_credentials() -> None:
    async def serve(reply: Reply) -> None:
        await reply.plain(JPEG, content_type="image/jpeg")

    async with scripted_server(serve) as server, twilio(server.url) as media:
        file = await media.fetch_media(MediaReference(url=f"{server.url}{PATH}"), limit_bytes=LIMIT)

    assert (file.content, file.mime_type) == (JPEG, "image/jpeg")
    assert server.requests[0].headers["authorization"] == PROOF


@pytest.mark.parametrize("host", ["mms.twiliocdn.com", "media.twiliocdn.com.s3-external-1.amazonaws.com"])
async def test_the_file_is_handed_out_without_credentials(host: str) -> None:
    seen: dict[str, str | None] = {}

    def handle(request: httpx.Request) -> httpx.Response:
        seen[request.url.host] = request.headers.get("authorization")
        if request.url.host == "api.twilio.com":
            return httpx.Response(307, headers={"location": f"https://{host}/1"})
        return httpx.Response(200, content=JPEG)

    async with twilio("https://api.twilio.com", httpx.MockTransport(handle)) as media:
        await media.fetch_media(MediaReference(url=f"https://api.twilio.com{PATH}"), limit_bytes=LIMIT)

    assert seen == {"api.twilio.com": PROOF, host: None}


async def test_an_address_that_is_not_twilios_is_refused() -> None:
    async with scripted_server(Reply.plain) as foreign, twilio("https://api.twilio.com") as media:
        with pytest.raises(MediaRefused) as refused:
            await media.fetch_media(MediaReference(url=f"{foreign.url}{PATH}"), limit_bytes=LIMIT)

    assert (refused.value.reason, foreign.requests) == ("foreign_host", [])


async def test_the_copy_at_twilio_is_deleted() -> None:
    async def serve(reply: Reply) -> None:
        await reply.plain(status=204)

    async with scripted_server(serve) as server, twilio(server.url) as media:
        await media.discard_media(MediaReference(url=f"{server.url}{PATH}"))

    assert [(request.method, request.path) for request in server.requests] == [("DELETE", PATH)]


@pytest.mark.parametrize("address", ["https://evil.test/1", "http://127.0.0.1:1/1", ""])
async def test_a_copy_that_cannot_be_deleted_is_no_error(address: str) -> None:
    async with twilio("http://127.0.0.1:1") as media:
        await media.discard_media(MediaReference(url=address))
