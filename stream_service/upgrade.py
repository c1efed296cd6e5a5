"""How connections become sockets: calls and live updates are served on the transport itself; there are no others."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.server import ServerProtocol

from shared import errors
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.observability import logger
from stream_service.handshake import Handshake
from stream_service.media.frames import LARGEST_MESSAGE_BYTES
from stream_service.media.transport import MediaTransport
from stream_service.media.web_socket import Patience, WebSocket
from stream_service.media_endpoint import MediaEndpoint, explain
from stream_service.updates import update_socket
from stream_service.updates.door import UpdatesDoor
from stream_service.updates.recent import RecentUpdates
from stream_service.updates.update_socket import UpdateSocket

MEDIA_STATE = "media"
UPDATES_STATE = "updates"
"""The keys under which the application's lifespan state holds the two doors."""

_MEDIA_PATH = "/media/"
_UPDATES_PATH = "/updates"
PATIENCE = Patience()


class SocketUpgrade(asyncio.Protocol):
    """What uvicorn hands a connection to that asks for a WebSocket.

    Calls and live updates leave uvicorn here. A call's frames go from the transport to the call without ASGI's queue
    and task; of updates sockets there are many, and what they are told is framed once for all of them.
    """

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:  # noqa: ARG002 - uvicorn's call
        self._server_state = server_state
        self._app_state = app_state
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport over; called by uvicorn."""
        self._transport = cast("asyncio.Transport", transport)
        # uvicorn asks everything in this set to shut down when the server stops, and it is counted when others come.
        self._connections = cast("set[Any]", self._server_state.connections)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take the whole request; called by uvicorn, which makes this the transport's protocol afterwards."""
        # Nothing may come before our answer, and what comes all the same has to wait.
        self._transport.pause_reading()
        task = self._loop.create_task(self._open(data))
        self._server_state.tasks.add(task)
        task.add_done_callback(self._server_state.tasks.discard)

    def connection_lost(self, _error: Exception | None) -> None:
        """Take note that the connection is gone; called by the event loop."""
        self._connections.discard(self)

    def shutdown(self) -> None:
        """Break off, because the server stops; called by uvicorn."""
        self._transport.abort()

    async def _open(self, data: bytes) -> None:
        """Find who serves the path, who then decides whether the socket is opened, or answer why not."""
        handshake = Handshake(self._transport, data)
        request = handshake.request
        if request is None:
            return
        is_call = request.path.startswith(_MEDIA_PATH)
        try:
            if is_call and MEDIA_STATE in self._app_state:
                await self._serve_call(request, handshake)
            elif request.path == _UPDATES_PATH and UPDATES_STATE in self._app_state:
                await self._open_updates(request, handshake)
            else:
                raise errors.NotFound("There is no WebSocket here.")  # noqa: TRY301 - answered like any other refusal
        except errors.PlatformError as error:
            logger.info("socket_refused", code=error.code)
            answer = explain(error, request) if is_call else HTTPResponse.failure(error, request_id=request.request_id)
            handshake.refuse(answer)
        except Exception:  # noqa: BLE001 - the sockets' entry point: the peer gets an answer, and we a log line
            logger.exception("socket_failed")
            failed = errors.PlatformError("Something went wrong.")
            handshake.refuse(HTTPResponse.failure(failed, request_id=request.request_id))

    def _accept(self, handshake: Handshake, *, largest_message_bytes: int) -> ServerProtocol:
        self._connections.discard(self)
        return handshake.accept(largest_message_bytes=largest_message_bytes)

    async def _serve_call(self, request: HTTPRequest, handshake: Handshake) -> None:
        media: MediaEndpoint = self._app_state[MEDIA_STATE]
        accepted: list[WebSocket] = []

        def accept() -> MediaTransport:
            handshaken = self._accept(handshake, largest_message_bytes=LARGEST_MESSAGE_BYTES)
            socket = WebSocket(self._transport, handshaken, PATIENCE)
            self._transport.set_protocol(socket)
            accepted.append(socket)
            self._connections.add(socket)
            return MediaTransport(socket)

        try:
            await media(request, accept)
        finally:
            for socket in accepted:
                self._connections.discard(socket)
                socket.close()

    async def _open_updates(self, request: HTTPRequest, handshake: Handshake) -> None:
        """Open the socket, which then lives without a task of its own."""
        door: UpdatesDoor = self._app_state[UPDATES_STATE]

        def accept(recent: RecentUpdates, first: int, seconds_left: float) -> UpdateSocket:
            handshaken = self._accept(handshake, largest_message_bytes=update_socket.LARGEST_MESSAGE_BYTES)
            socket = UpdateSocket(
                self._transport, handshaken, recent, first, seconds_left=seconds_left, connections=self._connections
            )
            self._transport.set_protocol(socket)
            self._transport.resume_reading()
            return socket

        await door(request, accept)
