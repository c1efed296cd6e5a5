from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from benchmarks.messages.load import Posted, message_posts, post_at_rate, summarise
from shared.adapters.provider_json import decode_json
from shared.adapters.whatsapp.parsing import parse_webhook
from shared.domain.message import InboundMessage
from tests.fakes.clock import FrozenClock


@pytest.fixture
async def server() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answers every second request with 503; keeps the bodies."""
    bodies: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            bodies.append(await reader.readexactly(length))
            status = b"200 OK" if len(bodies) % 2 else b"503 Service Unavailable"
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\nok")

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", bodies


async def test_every_post_is_sent_once_and_its_answer_noted(server: tuple[str, list[bytes]]) -> None:
    address, bodies = server
    requests = message_posts(6, users=2, phone_number_id="1", app_secret="secret", base_url=address)

    posted = await post_at_rate(address, requests, per_second=1000)

    assert sorted(one.status for one in posted) == [200, 200, 200, 503, 503, 503]
    assert len(set(bodies)) == 6


def test_the_posts_are_messages_of_different_users(clock: FrozenClock) -> None:
    requests = message_posts(4, users=2, phone_number_id="1", app_secret="secret", base_url="http://host")

    bodies = [request.partition(b"\r\n\r\n")[2] for request in requests]
    items = [item for body in bodies for item in parse_webhook(decode_json(body), channel="x", received_at=clock())]

    assert len({item.provider_message_id for item in items if isinstance(item, InboundMessage)}) == 4
    assert len({item.user_id for item in items if isinstance(item, InboundMessage)}) == 2


def test_the_summary_names_the_slow_ones() -> None:
    posted = [Posted(latency_ms=float(number), status=200) for number in range(1, 101)]

    summary = summarise(posted)

    assert (summary.p50_ms, summary.p95_ms, summary.longest_ms) == (51, 96, 100)
    assert summary.statuses == {200: 100}
