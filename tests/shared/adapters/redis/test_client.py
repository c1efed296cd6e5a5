"""Connecting to the cache cluster."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from shared.adapters.redis.client import cache_operation, connect_cluster, connect_to_every_shard
from shared.adapters.redis.shard_circuits import ShardCircuits
from shared.errors import StoreUnavailable
from shared.observability.embedded_metrics import SLOW_MS


async def connections(observer: Any) -> list[int]:
    """How many connections each shard has taken so far."""
    facts = await observer.info("stats", target_nodes=observer.PRIMARIES)
    return [shard["total_connections_received"] for shard in facts.values()]


@pytest.mark.integration
async def test_a_prepared_client_makes_no_connection_for_its_first_commands(cache_url: str, cache: Any) -> None:
    client: Any = connect_cluster(cache_url)
    await connect_to_every_shard(client)
    before = await connections(cache)

    for key_of_another_shard in ("a", "b", "c"):
        await client.getdel(key_of_another_shard)

    after = await connections(cache)
    await client.aclose()
    assert len(before) == 3
    assert after == before


async def test_a_cluster_that_is_not_there_is_a_store_without_an_answer() -> None:
    client = connect_cluster("redis://127.0.0.1:1")

    with pytest.raises(StoreUnavailable):
        await connect_to_every_shard(client)

    await client.aclose()


async def test_a_connection_that_the_client_closed_meanwhile_is_no_answer() -> None:
    writer: Any = None

    with pytest.raises(StoreUnavailable):
        async with cache_operation():
            writer.writelines([b"GET"])


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop")
def test_a_connection_of_uvloop_that_the_client_closed_meanwhile_is_no_answer_either() -> None:
    import uvloop

    async def write_to_a_closed_connection() -> None:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.transport.abort()
        await asyncio.sleep(0)
        async with cache_operation():
            writer.writelines([b"GET"])

    with pytest.raises(StoreUnavailable):
        uvloop.run(write_to_a_closed_connection())


async def test_a_mistake_of_ours_is_not_taken_for_a_cache_that_is_down() -> None:
    nothing: Any = None

    with pytest.raises(AttributeError):
        async with cache_operation():
            nothing.decode()


class Presence:
    """An adapter."""

    async def keep(self) -> None:
        """What adapters do."""
        async with cache_operation():
            pass

    async def count(self) -> None:
        """What those do that can do without a lost shard."""
        async with ShardCircuits(connect_cluster("redis://127.0.0.1:1")).operation("rate:{asha}"):
            pass


@pytest.mark.requirement("9.7")
async def test_a_slow_operation_on_the_cache_is_logged_under_the_name_of_the_adapters_method(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SLOW_MS, "cache_operation", 0.0)

    await Presence().keep()
    await Presence().count()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    slow = [(line["component"], line["operation"]) for line in lines if line["message"] == "operation_slow"]
    assert slow == [("cache_operation", "Presence.keep"), ("cache_operation", "Presence.count")]
