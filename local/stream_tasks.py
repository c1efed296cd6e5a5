"""The tasks of the stream service as the load balancer sees them: those that live, the least busy one first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress

from local.ports import HOST

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class StreamTasks:
    """Chooses a task for each request as the template's target group does, by the fewest requests under way.

    A task listens only while it is healthy, so one that does not take connections is passed over. One that answers
    503 is not: like a load balancer, we hand its answer on. Source: Elastic Load Balancing, "Routing algorithms".
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self._under_way = dict.fromkeys(ports, 0)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Streams | None, None]:
        """A connection to a task, closed at the end; None when no task lives."""
        port, streams = await self._connect()
        if port is None or streams is None:
            yield None
            return
        try:
            yield streams
        finally:
            self._under_way[port] -= 1
            streams[1].close()

    async def _connect(self) -> tuple[int | None, Streams | None]:
        for port in sorted(self._under_way, key=self._under_way.__getitem__):
            # Counted before it is connected, so that requests of the same moment spread too.
            self._under_way[port] += 1
            with suppress(OSError):
                return port, await asyncio.open_connection(HOST, port)
            self._under_way[port] -= 1
        return None, None
