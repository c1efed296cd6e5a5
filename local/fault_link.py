"""One TCP link between a program and what it depends on, which misbehaves when told to."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from typing import Literal

import msgspec

from local.ports import HOST

READ_BYTES = 65_536
TRICKLE_PIECES_PER_SECOND = 20
_HTTP_REQUEST = re.compile(rb"[A-Z]+ [^ ]+ HTTP/1\.1\r\n")
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a link does to its connections, the open ones included.

    `refuse`: nobody listens. `reset`: taken, then reset. `blackhole`: open, and nothing passes; what was sent arrives
    when it is over, as with lost packets. `delay`: every piece of a request comes `delay_ms` later. `trickle`: answers
    come at `bytes_per_second`. `answer`: HTTP requests that contain `only` are answered with `status` by the link.
    """

    mode: Literal["pass", "refuse", "reset", "blackhole", "delay", "trickle", "answer"] = "pass"
    delay_ms: int = 500
    bytes_per_second: int = 2000
    status: int = 503
    only: str = ""
    body: str = ""


class FaultLink:
    """Listens on a port and passes bytes to another."""

    def __init__(self, *, listen: int, target: int) -> None:
        self._listen = listen
        self._target = target
        self._behaviour = Behaviour()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_open = asyncio.Event()

    @property
    def behaviour(self) -> Behaviour:
        """What it does now."""
        return self._behaviour

    async def behave(self, behaviour: Behaviour) -> None:
        """Do this from now on.

        Raises:
            OSError: the port was taken by somebody else meanwhile.
        """
        self._behaviour = behaviour
        if behaviour.mode == "blackhole":
            self._is_open.clear()
        else:
            self._is_open.set()
        if behaviour.mode in {"refuse", "reset"}:
            self._reset_all()
        if behaviour.mode == "refuse":
            self._stop_listening()
        elif self._server is None:
            self._server = await asyncio.start_server(self._accept, HOST, self._listen, backlog=512)

    async def close(self) -> None:
        """Cut everything and listen no more."""
        self._stop_listening()
        self._reset_all()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _reset_all(self) -> None:
        for writer in self._writers:
            _reset(writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        if self._behaviour.mode == "reset":
            _reset(writer)
            return
        self._writers.add(writer)
        try:
            await self._is_open.wait()
            server_reader, server_writer = await asyncio.open_connection(HOST, self._target)
        except (OSError, asyncio.CancelledError):
            self._forget(writer)
            return
        self._writers.add(server_writer)
        try:
            await self._join((reader, writer), (server_reader, server_writer))
        finally:
            self._forget(writer)
            self._forget(server_writer)

    async def _join(self, client: Streams, server: Streams) -> None:
        """Pass bytes both ways until one side ends."""
        asking = asyncio.create_task(self._pass_requests(client, server))
        answering = asyncio.create_task(self._pass_answers(server[0], client[1]))
        try:
            await asyncio.wait({asking, answering}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (asking, answering):
                task.cancel()
            await asyncio.gather(asking, answering, return_exceptions=True)

    async def _pass_requests(self, client: Streams, server: Streams) -> None:
        with contextlib.suppress(OSError):
            while chunk := await client[0].read(READ_BYTES):
                await self._is_open.wait()
                behaviour = self._behaviour
                if behaviour.mode == "delay":
                    await asyncio.sleep(behaviour.delay_ms / 1000)
                if behaviour.mode == "answer" and _concerns(behaviour, chunk):
                    client[1].write(_answer(behaviour))
                    await client[1].drain()
                    return
                server[1].write(chunk)
                await server[1].drain()

    async def _pass_answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(READ_BYTES):
                await self._is_open.wait()
                while self._behaviour.mode == "trickle" and chunk:
                    piece = max(1, self._behaviour.bytes_per_second // TRICKLE_PIECES_PER_SECOND)
                    writer.write(chunk[:piece])
                    chunk = chunk[piece:]
                    await asyncio.sleep(1 / TRICKLE_PIECES_PER_SECOND)
                writer.write(chunk)
                await writer.drain()

    def _forget(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()


def _concerns(behaviour: Behaviour, chunk: bytes) -> bool:
    return _HTTP_REQUEST.match(chunk) is not None and behaviour.only.encode() in chunk


def _answer(behaviour: Behaviour) -> bytes:
    body = behaviour.body.encode()
    head = f"HTTP/1.1 {behaviour.status} Fault\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return head.encode() + body
