"""A WebSocket as Twilio opens it, driven by callbacks: no task, no queue and no timer per message."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

OPEN_TIMEOUT_SECONDS = 5
LARGEST_MESSAGE_BYTES = 1024 * 1024
NORMAL_CLOSURE = 1000


class SocketRefused(Exception):
    """The platform did not open the socket; the message says with which status, or what failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketAddress:
    """Where to connect, and the address that is asked for there: the one that TwiML named and Twilio signs."""

    url: str
    host: str
    port: int
    headers: Mapping[str, str]


class MediaSocket(asyncio.Protocol):
    """One open socket. `on_text` and `on_lost` are called on the event loop; `send` never blocks."""

    def __init__(self, address: SocketAddress, on_text: Callable[[bytes], None], on_lost: Callable[[], None]) -> None:
        # Twilio speaks TLS; on this machine nothing ends it.
        url = parse_uri(address.url.replace("wss://", "ws://", 1))
        self._protocol = ClientProtocol(url, max_size=LARGEST_MESSAGE_BYTES)
        self._headers = address.headers
        self._on_text = on_text
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop does not inherit from asyncio's classes.
        request = self._protocol.connect()
        for name, value in self._headers.items():
            request.headers[name] = value
        self._protocol.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Hand on whole messages; pings are answered, a close is returned."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._decide(event)
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._on_text(bytes(event.data))
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits."""
        if not self.opened.done():
            self.opened.set_exception(SocketRefused(f"the connection broke off: {error!r}"))
        self._on_lost()

    def send(self, message: bytes) -> None:
        """Send one text message; nothing once the socket is closing."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(message)
            self._flush()

    def close(self) -> None:
        """Say goodbye."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(NORMAL_CLOSURE)
            self._flush()

    def abort(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _decide(self, response: Response) -> None:
        if self.opened.done():
            return
        if self._protocol.handshake_exc is None:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(SocketRefused(f"HTTP {response.status_code}"))

    def _flush(self) -> None:
        transport = self._transport
        for chunk in self._protocol.data_to_send():
            if transport is None or transport.is_closing():
                return
            if chunk:
                transport.write(chunk)
            else:
                transport.close()


async def open_socket(
    address: SocketAddress, on_text: Callable[[bytes], None], on_lost: Callable[[], None]
) -> tuple[MediaSocket, float]:
    """Connect and upgrade; returns the socket and how long it took, in ms.

    Raises:
        SocketRefused: refused, not reachable, or no answer within 5 seconds.
    """
    started = time.perf_counter()
    try:
        async with asyncio.timeout(OPEN_TIMEOUT_SECONDS):
            _, socket = await asyncio.get_running_loop().create_connection(
                lambda: MediaSocket(address, on_text, on_lost), address.host, address.port
            )
            await socket.opened
    except TimeoutError as error:
        raise SocketRefused("no answer within 5 seconds") from error
    except OSError as error:
        raise SocketRefused(f"not reachable: {error}") from error
    return socket, (time.perf_counter() - started) * 1000
