"""The open updates sockets of this process, served in slices so that calls never wait for them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator

from websockets.frames import CloseCode

from stream_service.updates.update_socket import UpdateSocket

# Between two slices the loop does other things. What is written in a slice goes to the kernel at its end.
_SLICE_SOCKETS = 100
_SLICE_SECONDS = 0.002
# Sockets take at most a third of the loop's time: after each round it rests twice as long as that took.
_REST = 2.0
_LONGEST_REST_SECONDS = 0.05
LEAVING_SECONDS = 5.0
_LEAVING_STEP_SECONDS = 0.2
_FEWEST_AT_ONCE = 20


class Audience:
    """Who hears the updates."""

    def __init__(self) -> None:
        self._sockets: dict[UpdateSocket, None] = {}

    def __len__(self) -> int:
        return len(self._sockets)

    def join(self, socket: UpdateSocket) -> None:
        """A reader comes."""
        self._sockets[socket] = None

    def leave(self, socket: UpdateSocket) -> None:
        """A reader goes; doing it twice does no harm."""
        self._sockets.pop(socket, None)

    async def feed(self) -> None:
        """Send everybody what is new, and rest a little, the longer the more readers there are."""
        began = time.perf_counter()
        async for socket in self._in_slices():
            socket.feed()
        if self._sockets:
            await asyncio.sleep(min(_LONGEST_REST_SECONDS, _REST * (time.perf_counter() - began)))

    async def look(self, now: float) -> None:
        """Ping and drop whoever it is time for; `now` is the loop's time."""
        async for socket in self._in_slices():
            socket.look(now)

    async def send_away(self) -> None:
        """Close all sockets, so that they open again elsewhere, but not all in the same moment."""
        at_once = max(_FEWEST_AT_ONCE, math.ceil(len(self) * _LEAVING_STEP_SECONDS / LEAVING_SECONDS))
        while self._sockets:
            for socket in list(self._sockets)[:at_once]:
                socket.close(CloseCode.SERVICE_RESTART, "the server restarts")
                self.leave(socket)
            await asyncio.sleep(_LEAVING_STEP_SECONDS)

    async def _in_slices(self) -> AsyncIterator[UpdateSocket]:
        began = time.perf_counter()
        for number, socket in enumerate(list(self._sockets), start=1):
            yield socket
            if number % _SLICE_SOCKETS == 0 or time.perf_counter() - began > _SLICE_SECONDS:
                await asyncio.sleep(0)
                began = time.perf_counter()
