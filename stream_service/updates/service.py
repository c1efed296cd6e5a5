"""Live updates for as long as the process runs: hearing, passing on, looking after the sockets, sending them away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shared.errors import StoreUnavailable
from shared.observability import logger
from stream_service.live_calls import LiveCalls
from stream_service.updates.door import UpdatesDoor
from stream_service.updates.hub import UpdatesHub
from stream_service.updates.leases import SocketLeases

LOOK_SECONDS = 1.0
_DRAIN_LOOK_SECONDS = 0.1
_RETRY_SECONDS = 1.0


class UpdatesService:
    """The door and what stands behind it."""

    def __init__(self, hub: UpdatesHub, leases: SocketLeases, door: UpdatesDoor, live_calls: LiveCalls) -> None:
        self.hub = hub
        self.door = door
        self._leases = leases
        self._live_calls = live_calls

    async def run(self) -> None:
        """Work until cancelled. Nothing that goes wrong here ends it, or a call."""
        async with asyncio.TaskGroup() as tasks:
            for work in (self.hub.run, self._look_after_sockets, self._leases.keep, self._drain):
                tasks.create_task(_for_ever(work))

    async def _look_after_sockets(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.hub.audience.look(loop.time())

    async def _drain(self) -> None:
        while True:
            await asyncio.sleep(_DRAIN_LOOK_SECONDS)
            if self._live_calls.is_draining:
                await self.hub.audience.send_away()


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except StoreUnavailable:
            logger.warning("updates_not_available")
        except Exception:  # noqa: BLE001 - the entry point of this work: it is logged, and taken up again
            logger.exception("updates_failed")
        await asyncio.sleep(_RETRY_SECONDS)
