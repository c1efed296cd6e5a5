from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from benchmarks.soak.message_load import MessageLoad
from benchmarks.soak.observations import Kind, Observations
from benchmarks.soak.plan import SoakPlan

Server = tuple[dict[str, str], list[str]]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Takes every post but those of user 3; keeps the ids of the messages."""
    ids: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                (message,) = body["entry"][0]["changes"][0]["value"]["messages"]
                ids.append(message["id"])
                status = b"503 Service Unavailable" if message["from"].endswith("3") else b"200 OK"
                writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        stack = {
            "base_url": f"http://127.0.0.1:{port}",
            "whatsapp_phone_number_id": "1",
            "whatsapp_app_secret": "secret",
        }
        yield stack, ids


async def _post(
    server: Server, *, posts: int, duplicate_share: float, users: int = 3
) -> tuple[MessageLoad, Observations]:
    stack, ids = server
    plan = SoakPlan(
        minutes=1,
        calls=0,
        messages_per_second=1000,
        warm_up_minutes=0,
        users=users,
        duplicate_share=duplicate_share,
        duplicate_within_seconds=0,
    )
    observations = Observations()
    load = MessageLoad(stack, plan, observations)
    running = asyncio.create_task(load.run())
    while len(ids) < posts:
        await asyncio.sleep(0)
    load.stop()
    await running
    return load, observations


async def test_what_was_accepted_waits_for_its_reply(server: Server) -> None:
    load, observations = await _post(server, posts=20, duplicate_share=0)

    assert list(load.written_at) == list(dict.fromkeys(load.written_at))
    assert set(load.written_at) == set(server[1])
    assert observations.counts["messages"] == len(server[1]) == len(observations.latencies(Kind.WEBHOOK))


async def test_a_duplicate_is_the_same_message_and_counts_once(server: Server) -> None:
    load, observations = await _post(server, posts=20, duplicate_share=1)

    assert set(Counter(server[1]).values()) == {2}
    assert observations.counts["messages"] == observations.counts["duplicates"] == len(load.written_at)


async def test_a_refused_post_is_a_failure_and_waits_for_nothing(server: Server) -> None:
    load, observations = await _post(server, posts=20, duplicate_share=0, users=4)

    assert observations.counts["posts refused"] >= 4
    assert observations.reasons["posts refused"][0].endswith("503")
    assert len(load.written_at) == observations.counts["messages"] < len(server[1])
