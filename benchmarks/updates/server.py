"""Program that serves updates sockets: `python -m benchmarks.updates.server ours|peer PORT REDIS_URL`.

`ours` is the stream service without calls. The peer is what is written first: a Starlette route that subscribes for
each socket, and encodes each event for each of them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime

import msgspec
import uvicorn
from redis.asyncio.cluster import RedisCluster
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from shared import observability
from shared.adapters.redis.client import connect_cluster, connect_to_every_shard
from shared.adapters.redis.counters import RedisConnectionCounter
from shared.adapters.redis.update_tickets import RedisUpdateTickets
from shared.adapters.redis.updates import READ_TIMEOUT_SECONDS, RedisEventSubscription
from stream_service.live_calls import LiveCalls
from stream_service.server import configure
from stream_service.updates.door import UpdatesDoor
from stream_service.updates.hub import UpdatesHub
from stream_service.updates.leases import SocketLeases
from stream_service.updates.service import UpdatesService
from stream_service.upgrade import UPDATES_STATE

_PROBE_SECONDS = 0.005


class LoopProbe:
    """How late the loop wakes up whoever sleeps: what a call's frames would wait."""

    def __init__(self) -> None:
        self._late_ms: list[float] = []

    async def run(self) -> None:
        """Measure for as long as the server runs."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _PROBE_SECONDS
            await asyncio.sleep(_PROBE_SECONDS)
            self._late_ms.append((loop.time() - due) * 1000)

    async def report(self, _request: Request) -> JSONResponse:
        """Everything since the report before."""
        late_ms, self._late_ms = sorted(self._late_ms), []
        return JSONResponse(late_ms)


def our_app(redis_url: str, probe: LoopProbe) -> Starlette:
    """The stream service's updates."""
    live_calls, cache = LiveCalls(0), connect_cluster(redis_url)

    def now() -> datetime:
        return datetime.now(UTC)

    hub = UpdatesHub(
        RedisEventSubscription(connect_cluster(redis_url, socket_timeout_seconds=READ_TIMEOUT_SECONDS)), now
    )
    leases = SocketLeases(RedisConnectionCounter(cache), sockets_per_user=3)
    door = UpdatesDoor(hub, RedisUpdateTickets(cache), leases, live_calls, origins=(), now=now)
    service = UpdatesService(hub, leases, door, live_calls)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[dict[str, object], None]:
        await connect_to_every_shard(cache)
        running = [asyncio.create_task(service.run()), asyncio.create_task(probe.run())]
        yield {UPDATES_STATE: door}
        for task in running:
            task.cancel()

    return Starlette(routes=[Route("/lag", probe.report)], lifespan=lifespan)


def peers_app(redis_url: str, probe: LoopProbe) -> Starlette:
    """One subscription, and one encoding of each event, for each socket."""
    ticket_cache = connect_cluster(redis_url)
    tickets = RedisUpdateTickets(ticket_cache)
    # A connection for each socket, and each waits for events.
    cache = RedisCluster.from_url(redis_url, max_connections=5000, socket_timeout=READ_TIMEOUT_SECONDS)

    async def updates(socket: WebSocket) -> None:
        if await tickets.redeem(socket.query_params["ticket"]) is None:
            await socket.close()
            return
        await socket.accept()
        after = f"{int(datetime.now(UTC).timestamp() * 1000)}-0"
        with suppress(WebSocketDisconnect):
            async with aclosing(RedisEventSubscription(cache).batches(after=after)) as batches:
                async for batch in batches:
                    for update in batch.updates:
                        message = {"id": update.id, "type": update.event.type, "data": update.event.data}
                        await socket.send_text(msgspec.json.encode(message).decode())

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None, None]:
        await connect_to_every_shard(ticket_cache)
        await connect_to_every_shard(cache)
        running = asyncio.create_task(probe.run())
        yield
        running.cancel()

    return Starlette(routes=[Route("/lag", probe.report), WebSocketRoute("/updates", updates)], lifespan=lifespan)


def main(which: str, port: str, redis_url: str) -> None:
    """Serve until told to stop."""
    observability.configure(level="WARNING")
    probe = LoopProbe()
    if which == "ours":
        uvicorn.Server(configure(our_app(redis_url, probe), host="127.0.0.1", port=int(port))).run()
    else:
        uvicorn.run(
            peers_app(redis_url, probe),
            host="127.0.0.1",
            port=int(port),
            ws_ping_interval=None,
            ws_per_message_deflate=False,
            log_level="warning",
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
