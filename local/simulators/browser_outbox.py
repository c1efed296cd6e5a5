"""What waits to be sent to one browser: sound that it is too slow for is dropped, events are not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

MOST_FRAMES_WAITING = 50
"""A second of sound; older is of no use to anybody who listens."""

MOST_WAITING = 500
FLUSH_SECONDS = 2
NORMAL_CLOSURE = 1000


class BrowserOutbox:
    """The sending side of a browser's WebSocket; the only one that writes to it."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._waiting: asyncio.Queue[bytes | str | None] = asyncio.Queue()
        self._close_code = NORMAL_CLOSURE

    def put_audio(self, frame: bytes) -> None:
        """Send 20 ms of mu-law, unless the browser lags behind."""
        if self._waiting.qsize() < MOST_FRAMES_WAITING:
            self._waiting.put_nowait(frame)

    def put_event(self, event: Mapping[str, object]) -> None:
        """Send an event; a browser that leaves hundreds waiting is given up."""
        if self._waiting.qsize() < MOST_WAITING:
            self._waiting.put_nowait(json.dumps(event))
        else:
            self._waiting.put_nowait(None)

    def close(self, code: int = NORMAL_CLOSURE) -> None:
        """Close the socket behind what waits."""
        self._close_code = code
        self._waiting.put_nowait(None)

    async def pour(self) -> None:
        """Send until closed; returns early when the browser is gone."""
        with suppress(WebSocketDisconnect, RuntimeError):  # Starlette's words for a socket that was closed.
            while (item := await self._waiting.get()) is not None:
                if isinstance(item, bytes):
                    await self._socket.send_bytes(item)
                else:
                    await self._socket.send_text(item)
            await self._socket.close(self._close_code)

    async def finish(self, pouring: asyncio.Task[None]) -> None:
        """Send what waits, close, and wait for it a little."""
        self.close(self._close_code)
        await asyncio.wait({pouring}, timeout=FLUSH_SECONDS)
