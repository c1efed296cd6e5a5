"""A small HTTP server on a real local socket, whose answers a test writes byte by byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Received:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Reply:
    """The answer to one request; `hung_up` is set when the client closes the connection."""

    def __init__(self, writer: asyncio.StreamWriter, hung_up: asyncio.Event) -> None:
        self._writer = writer
        self.hung_up = hung_up

    async def head(self, *, status: int = 200, content_type: str) -> None:
        await self._write(
            f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        )

    async def chunk(self, data: bytes) -> None:
        await self._write(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        await self._write(b"0\r\n\r\n")

    async def whole(self, body: bytes, *, status: int = 200, content_type: str = "application/json") -> None:
        await self.head(status=status, content_type=content_type)
        await self.chunk(body)
        await self.end()

    async def plain(self, body: bytes = b"", *, status: int = 200, **headers: str) -> None:
        """A whole answer with these headers; an underscore in a name stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{name}: {value}\r\n" for name, value in ({"content-length": str(len(body))} | named).items()]
        await self._write(f"HTTP/1.1 {status} X\r\n{''.join(lines)}\r\n".encode() + body)

    async def break_off(self) -> None:
        self._writer.transport.abort()

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()


Script = Callable[[Reply], Awaitable[None]]


@dataclass
class ScriptedServer:
    """Answers the first request with the first script, and so on; the last script serves all further ones."""

    scripts: list[Script]
    url: str = ""
    requests: list[Received] = field(default_factory=list)
    hang_ups: list[asyncio.Event] = field(default_factory=list)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(asyncio.ensure_future(self.serve(reader, writer)))

    async def close(self) -> None:
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hung_up = asyncio.Event()
        self.hang_ups.append(hung_up)
        head = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    self.requests.append(await _read_request(await head, reader))
                    self.was_asked.set()
                    script = self.scripts[min(len(self.requests), len(self.scripts)) - 1]
                    head = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
                    head.add_done_callback(lambda done: hung_up.set() if done.cancelled() or done.exception() else None)
                    await script(Reply(writer, hung_up))
        finally:
            head.cancel()
            await asyncio.gather(head, return_exceptions=True)
            writer.transport.abort()


async def _read_request(head: bytes, reader: asyncio.StreamReader) -> Received:
    first, *lines = head.decode().strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(method=first.split(" ")[0], path=first.split(" ")[1], headers=headers, body=body)


@asynccontextmanager
async def scripted_server(*scripts: Script) -> AsyncIterator[ScriptedServer]:
    """Serve the scripts on a free port of 127.0.0.1."""
    server = ScriptedServer(list(scripts))
    listener = await asyncio.start_server(server.accept, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        await server.close()
