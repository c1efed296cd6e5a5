from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import httpx
import pytest

from shared.adapters.http_client import CancellableClient

STEPS = 60
"""More turns of the event loop than a request to a local server takes."""

Ask = Callable[[httpx.AsyncClient, str], Coroutine[Any, Any, None]]


class Server:
    """Answers every request with "ok" and counts them."""

    def __init__(self) -> None:
        self.url = ""
        self.requests = 0
        self.open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.requests += 1
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    running = Server()
    async with await asyncio.start_server(running.serve, "127.0.0.1", 0) as listening:
        running.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        yield running


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=1, keepalive_expiry=0)
    async with CancellableClient(trust_env=False, limits=limits, timeout=5) as opened:
        yield opened


async def _get(client: httpx.AsyncClient, url: str) -> None:
    await client.get(url)


async def _stream(client: httpx.AsyncClient, url: str) -> None:
    async with client.stream("GET", url) as response:
        async for _ in response.aiter_bytes():
            pass


@pytest.mark.parametrize("ask", [_get, _stream])
async def test_a_request_cancelled_at_any_step_leaves_its_connection_to_the_next(
    server: Server, client: httpx.AsyncClient, ask: Ask
) -> None:
    for steps in range(STEPS):
        asking = asyncio.create_task(ask(client, server.url))
        for _ in range(steps):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

        answer = await client.get(server.url)

        assert answer.text == "ok"


@pytest.mark.parametrize("ask", [_get, _stream])
async def test_who_cancels_does_not_wait(server: Server, client: httpx.AsyncClient, ask: Ask) -> None:
    for steps in range(STEPS):
        asking = asyncio.create_task(ask(client, server.url))
        for _ in range(steps):
            await asyncio.sleep(0)
        was_over = asking.done()
        asking.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        assert asking.done()
        assert asking.cancelled() is not was_over


async def test_cancelled_before_it_was_sent_it_is_never_sent(server: Server, client: httpx.AsyncClient) -> None:
    asking = asyncio.create_task(client.get(server.url))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)

    await client.get(server.url)

    assert server.requests == 1


async def test_a_request_under_way_is_broken_off_when_it_is_cancelled(client: httpx.AsyncClient) -> None:
    has_arrived, is_broken_off = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        has_arrived.set()
        await reader.read()
        is_broken_off.set()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as listening:
        asking = asyncio.create_task(client.get(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"))
        await has_arrived.wait()
        asking.cancel()

        await asyncio.wait_for(is_broken_off.wait(), 5)


async def test_a_failure_is_told_as_ever(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.ConnectError):
        await client.get("http://127.0.0.1:1/")


async def test_whoever_listens_to_the_trace_still_does(server: Server, client: httpx.AsyncClient) -> None:
    heard: list[str] = []

    async def listen(event: str, _: dict[str, Any]) -> None:
        heard.append(event)

    await client.get(server.url, extensions={"trace": listen})

    assert "http11.send_request_headers.started" in heard
