"""Following the updates from a terminal, through the ends that sockets have."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.server import ServerConnection, serve

from local import updates_reader
from local.updates_reader import UpdatesReader
from stream_service.updates.update_socket import SIGN_IN_ENDED


@pytest.fixture(params=[SIGN_IN_ENDED, 1012, 1013])
async def media_url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A service whose sockets tell one event each and end with a code."""
    asked: list[str] = []

    async def tell(socket: ServerConnection) -> None:
        assert socket.request is not None
        asked.append(socket.request.path)
        await socket.send(json.dumps({"id": f"{len(asked)}-0", "type": "message.sent", "seen": asked[-1]}))
        await socket.close(request.param, "ended")

    async with serve(tell, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}"


async def test_whatever_a_socket_ends_with_the_reader_comes_back_with_a_new_ticket_where_it_was(
    media_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = iter(range(1, 10))

    async def another_ticket(_self: httpx.AsyncClient, _url: str, **_options: object) -> httpx.Response:
        return httpx.Response(201, json={"data": {"ticket": f"ticket-{next(tickets)}"}})

    monkeypatch.setattr(httpx.AsyncClient, "post", another_ticket)
    monkeypatch.setattr(updates_reader, "FIRST_WAIT_SECONDS", 0.01)
    reader = UpdatesReader({"media_url": media_url, "base_url": "http://127.0.0.1:1", "api_token": "token"})

    seen = []
    async with asyncio.timeout(20):
        async for event in reader.events():
            seen.append(event["seen"])
            if len(seen) == 2:
                break

    assert seen == ["/updates?ticket=ticket-1", "/updates?ticket=ticket-2&since=1-0"]
