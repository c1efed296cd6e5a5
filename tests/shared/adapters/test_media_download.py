from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.media_download import AccessDenied, Download, MediaDownload, MediaHosts
from shared.adapters.provider_access import ProviderAccess
from shared.errors import MediaRefused, PlatformError, ProviderUnavailable
from tests.fakes.http_server import Reply, Script, scripted_server

PROOF = {"authorization": "Bearer secret"}
LIMIT = 1000


@asynccontextmanager
async def downloads(api: str, **given: Any) -> AsyncIterator[MediaDownload]:
    """Of a provider whose interface is at `api`."""
    download = MediaDownload(
        MediaHosts(api_base_url=api, trusted=("files.provider.test",), public=("*.cdn.test",)),
        access=ProviderAccess(headers=lambda: PROOF),
        resolve=given.pop("resolve", _somewhere),
        sleep=_no_time,
        **given,
    )
    try:
        yield download
    finally:
        await download.aclose()


async def _no_time(_: float) -> None:
    return


async def _somewhere(_host: str, _port: int) -> Sequence[str]:
    return ["93.184.216.34"]


def answers(body: bytes = b"", **given: Any) -> Script:
    async def script(reply: Reply) -> None:
        await reply.plain(body, **given)

    return script


async def refusal(download: MediaDownload, address: str) -> str:
    with pytest.raises(MediaRefused) as refused:
        await download(address, limit_bytes=LIMIT)
    return refused.value.reason


async def test_a_file_is_read_with_the_credentials_of_its_provider() -> None:
    async with scripted_server(answers(b"content", content_type="image/png")) as server, downloads(server.url) as get:
        found = await get(f"{server.url}/files/1?key=2", limit_bytes=LIMIT)

    assert found == Download(content=b"content", mime_type="image/png")
    assert server.requests[0].path == "/files/1?key=2"
    assert server.requests[0].headers["authorization"] == "Bearer secret"


async def test_a_foreign_host_is_never_asked() -> None:
    async with scripted_server(answers(b"gotcha")) as foreign, downloads("https://api.provider.test") as get:
        reason = await refusal(get, f"{foreign.url}/files/1")

    assert (reason, foreign.requests) == ("foreign_host", [])


async def test_a_foreign_host_is_not_asked_when_the_provider_sends_us_there() -> None:
    async with scripted_server(answers(b"gotcha")) as foreign:
        sent_on = answers(status=302, location=f"{foreign.url}/files/1")
        async with scripted_server(sent_on) as server, downloads(server.url) as get:
            reason = await refusal(get, f"{server.url}/files/1")

    assert (reason, foreign.requests) == ("foreign_host", [])


async def test_a_redirect_is_followed_without_credentials_even_to_the_same_host() -> None:
    scripts = [answers(status=307, location="/elsewhere"), answers(b"content")]
    async with scripted_server(*scripts) as server, downloads(server.url) as get:
        found = await get(f"{server.url}/files/1", limit_bytes=LIMIT)

    assert found.content == b"content"
    assert [(one.path, "authorization" in one.headers) for one in server.requests] == [
        ("/files/1", True),
        ("/elsewhere", False),
    ]


async def test_credentials_stay_behind_when_a_public_host_hands_the_file_out() -> None:
    seen: list[tuple[str, str | None]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, request.headers.get("authorization")))
        if request.url.host == "files.provider.test":
            return httpx.Response(302, headers={"location": "https://mms.cdn.test/1"})
        return httpx.Response(200, content=b"content")

    async with downloads("https://api.provider.test", transport=httpx.MockTransport(handle)) as get:
        await get("https://files.provider.test/1", limit_bytes=LIMIT)

    assert seen == [("files.provider.test", "Bearer secret"), ("mms.cdn.test", None)]


async def test_a_public_host_learns_no_credentials() -> None:
    seen: list[str | None] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization"))
        return httpx.Response(200, content=b"content")

    async with downloads("https://api.provider.test", transport=httpx.MockTransport(handle)) as get:
        await get("https://mms.cdn.test/1", limit_bytes=LIMIT)

    assert seen == [None]


@pytest.mark.parametrize(
    "address",
    [
        "http://files.provider.test/1",
        "https://files.provider.test:8443/1",
        "https://files.provider.test.evil.test/1",
        "https://evil.test/files.provider.test",
        "https://cdn.test/1",
        "https://evilcdn.test/1",
        "https://user:password@files.provider.test/1",
        "ftp://files.provider.test/1",
        "//files.provider.test/1",
        "https://api.provider.test:444/1",
        "http://api.provider.test/1",
        "http://169.254.169.254/latest/meta-data/",
        "https://\x00/",
        "",
    ],
)
async def test_addresses_that_only_look_right_are_refused(address: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    async with downloads("https://api.provider.test", transport=httpx.MockTransport(handle)) as get:
        assert await refusal(get, address) == "foreign_host"


@pytest.mark.parametrize("address", ["10.0.0.5", "127.0.0.1", "169.254.169.254", "fd00::1", "::1"])
async def test_a_known_name_that_leads_to_a_private_address_is_refused(address: str) -> None:
    async def inside(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.216.34", address]

    def handle(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    async with downloads("https://api.test", resolve=inside, transport=httpx.MockTransport(handle)) as get:
        assert await refusal(get, "https://files.provider.test/1") == "foreign_host"


async def test_what_is_said_to_be_too_large_is_not_read() -> None:
    async def announce(reply: Reply) -> None:
        await reply.plain(content_length=str(LIMIT + 1))

    async with scripted_server(announce) as server, downloads(server.url) as get:
        assert await refusal(get, f"{server.url}/1") == "too_large"


async def test_an_endless_file_is_cut_at_the_limit() -> None:
    async def pour(reply: Reply) -> None:
        await reply.head(content_type="video/mp4")
        while not reply.hung_up.is_set():
            await reply.chunk(bytes(LIMIT))

    async with scripted_server(pour) as server, downloads(server.url) as get:
        assert await refusal(get, f"{server.url}/1") == "too_large"


async def test_a_file_as_large_as_the_limit_is_read() -> None:
    async with scripted_server(answers(bytes(LIMIT))) as server, downloads(server.url) as get:
        found = await get(f"{server.url}/1", limit_bytes=LIMIT)

    assert len(found.content) == LIMIT


async def test_a_packed_file_is_refused() -> None:
    async with scripted_server(answers(b"\x1f\x8b", content_encoding="gzip")) as server, downloads(server.url) as get:
        assert await refusal(get, f"{server.url}/1") == "wrong_type"


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_file_that_is_not_there_is_gone(status: int) -> None:
    async with scripted_server(answers(status=status)) as server, downloads(server.url) as get:
        assert await refusal(get, f"{server.url}/1") == "gone"
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_an_address_that_has_expired_is_told_apart(status: int) -> None:
    async with scripted_server(answers(status=status)) as server, downloads(server.url) as get:
        with pytest.raises(AccessDenied):
            await get(f"{server.url}/1", limit_bytes=LIMIT)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_a_passing_failure_is_tried_again(status: int) -> None:
    scripts = [answers(status=status), answers(b"content")]
    async with scripted_server(*scripts) as server, downloads(server.url) as get:
        found = await get(f"{server.url}/1", limit_bytes=LIMIT)

    assert found.content == b"content"


async def test_a_connection_that_breaks_off_is_tried_again() -> None:
    async def break_off(reply: Reply) -> None:
        await reply.plain(b"half", content_length="8")
        await reply.break_off()

    async with scripted_server(break_off, answers(b"content")) as server, downloads(server.url) as get:
        found = await get(f"{server.url}/1", limit_bytes=LIMIT)

    assert found.content == b"content"


async def test_a_lasting_outage_is_one_after_three_tries() -> None:
    async with scripted_server(answers(status=503)) as server, downloads(server.url) as get:
        with pytest.raises(ProviderUnavailable):
            await get(f"{server.url}/1", limit_bytes=LIMIT)

        assert len(server.requests) == 3


async def test_going_round_in_circles_ends() -> None:
    async with scripted_server(answers(status=302, location="/1")) as server, downloads(server.url) as get:
        assert await refusal(get, f"{server.url}/1") == "gone"
        assert len(server.requests) == 4


async def test_a_file_is_deleted_with_credentials() -> None:
    async with scripted_server(answers(status=204)) as server, downloads(server.url) as get:
        is_gone = await get.delete(f"{server.url}/1")

    assert is_gone
    assert [(one.method, one.headers["authorization"]) for one in server.requests] == [("DELETE", "Bearer secret")]


async def test_nothing_is_deleted_at_a_foreign_host() -> None:
    async with scripted_server(answers(status=204)) as foreign, downloads("https://api.provider.test") as get:
        with pytest.raises(MediaRefused):
            await get.delete(f"{foreign.url}/1")

    assert foreign.requests == []


@given(st.text(max_size=60) | st.builds("https://{}/{}".format, st.text(max_size=20), st.text(max_size=20)))
async def test_any_address_is_refused_or_followed_in_order(address: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, request=request)

    async with downloads("https://api.provider.test", transport=httpx.MockTransport(handle)) as get:
        with pytest.raises(PlatformError):
            await get(address, limit_bytes=LIMIT)
