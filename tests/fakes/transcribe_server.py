"""Amazon Transcribe's WebSocket interface on a real local socket, driven by a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from shared.adapters.aws.transcribe.event_stream import decode_message
from tests.fakes.aws_events import event, exception

PCM_BYTES_PER_MS = 16


class TranscribeSession:
    """One connection of a client: what it sent, and what the service is to say."""

    def __init__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.parameters = dict(parse_qsl(urlsplit(connection.request.path).query))
        self.batches: list[bytes] = []
        self.has_ended = asyncio.Event()
        self.is_gone = asyncio.Event()
        self._connection = connection
        self._news = asyncio.Condition()

    @property
    def pcm(self) -> bytes:
        return b"".join(self.batches)

    async def run(self) -> None:
        try:
            async for data in self._connection:
                message = decode_message(data)
                assert message.headers[":event-type"] == "AudioEvent"
                async with self._news:
                    self.batches.append(message.payload)
                    self._news.notify_all()
                if not message.payload:
                    self.has_ended.set()
        except ConnectionClosed:
            pass
        finally:
            self.is_gone.set()

    async def hears(self, milliseconds: int) -> None:
        """Wait until so much audio has come."""
        async with self._news:
            await asyncio.wait_for(
                self._news.wait_for(lambda: len(self.pcm) >= milliseconds * PCM_BYTES_PER_MS), timeout=5
            )

    async def say(self, *results: dict[str, Any]) -> None:
        """Send one TranscriptEvent."""
        await self._connection.send(event("TranscriptEvent", {"Transcript": {"Results": list(results)}}))

    async def fail(self, name: str) -> None:
        """End the session with an exception message, as the service does."""
        await self._connection.send(exception(name, {"Message": "x"}))
        await self._connection.close()

    async def send_raw(self, data: bytes | str) -> None:
        await self._connection.send(data)

    async def close(self) -> None:
        """End the session, as the service does after the last audio."""
        await self._connection.close()

    def drop(self) -> None:
        """Lose the connection without a word."""
        self._connection.transport.abort()


@dataclass
class TranscribeServer:
    """The service. `refusals` is how many of the next connections it refuses."""

    url: str = ""
    refusals: int = 0
    attempts: int = 0
    sessions: list[TranscribeSession] = field(default_factory=list)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def session(self, number: int) -> TranscribeSession:
        """The session with this number, from 0, as soon as it is open."""
        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: len(self.sessions) > number), timeout=5)
        return self.sessions[number]

    async def serve(self, connection: ServerConnection) -> None:
        session = TranscribeSession(connection)
        async with self._arrived:
            self.sessions.append(session)
            self._arrived.notify_all()
        await session.run()

    def admit(self, connection: ServerConnection, _request: object) -> Any:
        self.attempts += 1
        if self.refusals > 0:
            self.refusals -= 1
            return connection.respond(403, '{"Message": "forbidden"}')
        return None


@asynccontextmanager
async def transcribe_server() -> AsyncIterator[TranscribeServer]:
    """Serve on a free port of 127.0.0.1."""
    server = TranscribeServer()
    async with serve(server.serve, "127.0.0.1", 0, process_request=server.admit) as listener:
        server.url = f"ws://127.0.0.1:{next(iter(listener.sockets)).getsockname()[1]}"
        yield server
