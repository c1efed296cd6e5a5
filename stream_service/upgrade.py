"""How connections become sockets: calls and live updates are served on the transport itself, other paths by ASGI."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from shared import errors
from shared.http_contract import HTTPResponse
from shared.observability import logger
from stream_service.handshake import Handshake
from stream_service.media.transport import MediaTransport
from stream_service.media.web_socket import LARGEST_MESSAGE_BYTES, Patience, WebSocket
from stream_service.media_endpoint import MediaEndpoint, explain
from stream_service.updates import update_socket
from stream_service.updates.door import UpdatesDoor
from stream_service.updates.recent import RecentUpdates
from stream_service.updates.update_socket import UpdateSocket

MEDIA_STATE = "media"
UPDATES_STATE = "updates"
"""The keys under which the application's lifespan state holds the two doors."""

_MEDIA_REQUEST = b"GET /media/"
_UPDATES_REQUESTS = (b"GET /updates?", b"GET /updates ")
FIRST_REQUEST_SECONDS = 10
PATIENCE = Patience()


class ImpatientHTTP(H11Protocol):
    """HTTP for those who ask: a connection without a whole request after ten seconds is closed."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait; called by the event loop."""
        super().connection_made(transport)
        self.loop.call_later(FIRST_REQUEST_SECONDS, self._close_if_unused)

    def _close_if_unused(self) -> None:
        # uvicorn says that there always is a cycle; there is none before the first request.
        if getattr(self, "cycle", None) is None and self.transport.get_protocol() is self:
            self.transport.close()


class SocketUpgrade(asyncio.Protocol):
    """What uvicorn hands a connection to that asks for a WebSocket.

    Calls and live updates leave uvicorn here. A call's frames go from the transport to the call without ASGI's queue
    and task; of updates sockets there are many, and what they are told is framed once for all of them.
    """

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        self._config = config
        self._server_state = server_state
        self._app_state = app_state
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport over; called by uvicorn."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take the whole request; called by uvicorn, which makes this the transport's protocol afterwards."""
        if data.startswith(_MEDIA_REQUEST):
            serving = self._serve_call(data)
        elif data.startswith(_UPDATES_REQUESTS) and UPDATES_STATE in self._app_state:
            serving = self._open_updates(data)
        else:
            others = WebSocketsSansIOProtocol(self._config, self._server_state, self._app_state)
            self._loop.call_soon(self._transport.set_protocol, others)
            others.connection_made(self._transport)
            others.data_received(data)
            return
        # Nothing may come before our answer, and what comes all the same has to wait.
        self._transport.pause_reading()
        task = self._loop.create_task(serving)
        self._server_state.tasks.add(task)
        task.add_done_callback(self._server_state.tasks.discard)

    async def _serve_call(self, data: bytes) -> None:
        """Serve the stream, or answer why not."""
        handshake = Handshake(self._transport, data, largest_message_bytes=LARGEST_MESSAGE_BYTES)
        if handshake.request is None:
            return
        media: MediaEndpoint = self._app_state[MEDIA_STATE]
        # uvicorn asks everything in this set to shut down when the server stops.
        connections = cast("set[WebSocket]", self._server_state.connections)
        accepted: list[WebSocket] = []

        def accept() -> MediaTransport:
            socket = WebSocket(self._transport, handshake.accept(), PATIENCE)
            self._transport.set_protocol(socket)
            accepted.append(socket)
            connections.add(socket)
            return MediaTransport(socket)

        try:
            await media(handshake.request, accept)
        except errors.PlatformError as error:
            logger.warning("media_stream_refused", code=error.code)
            handshake.refuse(explain(error, handshake.request))
        except Exception:  # noqa: BLE001 - the socket's entry point: the peer gets an answer, and we a log line
            logger.exception("media_stream_failed")
            handshake.refuse(explain(errors.PlatformError("Something went wrong."), handshake.request))
        finally:
            for socket in accepted:
                connections.discard(socket)
                socket.close()

    async def _open_updates(self, data: bytes) -> None:
        """Open the socket, which then lives without a task of its own, or answer why not."""
        handshake = Handshake(self._transport, data, largest_message_bytes=update_socket.LARGEST_MESSAGE_BYTES)
        if handshake.request is None:
            return
        door: UpdatesDoor = self._app_state[UPDATES_STATE]
        connections = cast("set[UpdateSocket]", self._server_state.connections)

        def accept(recent: RecentUpdates, first: int, seconds_left: float) -> UpdateSocket:
            socket = UpdateSocket(
                self._transport,
                handshake.accept(),
                recent,
                first,
                seconds_left=seconds_left,
                connections=connections,
            )
            self._transport.set_protocol(socket)
            self._transport.resume_reading()
            return socket

        request_id = handshake.request.request_id
        try:
            await door(handshake.request, accept)
        except errors.PlatformError as error:
            logger.info("update_socket_refused", code=error.code)
            handshake.refuse(HTTPResponse.failure(error, request_id=request_id))
        except Exception:  # noqa: BLE001 - the socket's entry point: the peer gets an answer, and we a log line
            logger.exception("update_socket_failed")
            failed = errors.PlatformError("Something went wrong.")
            handshake.refuse(HTTPResponse.failure(failed, request_id=request_id))
