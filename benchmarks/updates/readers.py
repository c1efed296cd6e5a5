"""Many readers of updates sockets in one process, as cheap as readers can be."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import cast

from websockets.frames import Frame, Opcode

_PONG = Frame(Opcode.PONG, b"").serialize(mask=True)
_PING_HEAD = 0x89
_REQUEST = (
    "GET /updates?ticket={ticket} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Reader(asyncio.Protocol):
    """Throws away what it hears; one that listens notes how old each event is."""

    def __init__(self, ticket: str, *, listens: bool) -> None:
        self.is_open: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.ages_ms: list[float] = []
        self._ticket = ticket
        self._listens = listens
        self._head = b""
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the socket."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(_REQUEST.format(ticket=self._ticket).encode())

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell who waits."""
        if not self.is_open.done():
            self.is_open.set_result(False)

    def data_received(self, data: bytes) -> None:
        """Answer pings, and look at events if need be."""
        if not self.is_open.done():
            self._head += data
            head, found, data = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            self.is_open.set_result(b" 101 " in head.partition(b"\r\n")[0] + b" ")
        if data[:1] == bytes([_PING_HEAD]):
            self.transport.write(_PONG)
        if self._listens and data:
            self._note_ages(data)

    def _note_ages(self, data: bytes) -> None:
        now = time.time()
        data = self._rest + data
        *whole, self._rest = data.split(b"}}")
        for text in whole:
            if b'"told_at":' in text:
                told_at = text.partition(b'"told_at":')[2].partition(b",")[0]
                self.ages_ms.append((now - float(json.loads(told_at))) * 1000)


async def open_readers(port: int, tickets: Sequence[str], *, listening: int) -> list[Reader]:
    """Open a socket with each ticket, ten at a time; the first ones listen.

    Raises:
        ConnectionRefusedError: a socket was refused.
    """
    loop = asyncio.get_running_loop()
    readers: list[Reader] = []

    async def open_one(number: int) -> None:
        reader = Reader(tickets[number], listens=number < listening)
        readers.append(reader)
        await loop.create_connection(lambda: reader, "127.0.0.1", port)
        if not await reader.is_open:
            raise ConnectionRefusedError(reader._head[:400])  # noqa: SLF001 - its own

    for start in range(0, len(tickets), 10):
        await asyncio.gather(*(open_one(number) for number in range(start, min(start + 10, len(tickets)))))
    return readers
