"""The tasks of the stream service as the load balancer sees them: those that live, the least busy one first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from local.ports import HOST

AVOIDED_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskConnection:
    """A connection to one task, known by its port."""

    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class StreamTasks:
    """Chooses a task for each request as the template's target group does, by the fewest requests under way.

    A task listens only while it is healthy, so one that does not take connections is passed over. One that refuses
    a stream is avoided for a while: on AWS a task that drains has been taken out of the target group before.
    Source: Elastic Load Balancing, "Routing algorithms"; Amazon ECS, "Service load balancing".
    """

    def __init__(self, ports: Sequence[int], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._under_way = dict.fromkeys(ports, 0)
        self._avoided_until = dict.fromkeys(ports, 0.0)
        self._clock = clock

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[TaskConnection | None, None]:
        """A connection to a task, closed at the end; None when no task lives."""
        task = await self._connect()
        try:
            yield task
        finally:
            if task is not None:
                self._under_way[task.port] -= 1
                task.writer.close()

    def avoid(self, task: TaskConnection) -> None:
        """This task refused a stream; ask it last for a while."""
        self._avoided_until[task.port] = self._clock() + AVOIDED_SECONDS

    async def _connect(self) -> TaskConnection | None:
        now = self._clock()
        for port in sorted(self._under_way, key=lambda port: (self._avoided_until[port] > now, self._under_way[port])):
            # Counted before it is connected, so that requests of the same moment spread too.
            self._under_way[port] += 1
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(HOST, port)
                return TaskConnection(port=port, reader=reader, writer=writer)
            self._under_way[port] -= 1
            self._avoided_until[port] = 0.0
        return None
