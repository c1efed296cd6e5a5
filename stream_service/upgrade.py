"""How connections become sockets: media streams are served on the transport itself, other paths through ASGI."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from shared import errors
from shared.http_contract import HTTPRequest
from shared.observability import logger
from stream_service.media.transport import MediaTransport
from stream_service.media.web_socket import LARGEST_MESSAGE_BYTES, Patience, WebSocket
from stream_service.media_endpoint import MediaEndpoint, explain, request_id

MEDIA_STATE = "media"
"""The key under which the application's lifespan state holds the media endpoint."""

_MEDIA_REQUEST = b"GET /media/"
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

    A media stream leaves uvicorn here: its frames go from the transport to the call without ASGI's queue and task.
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
        if not data.startswith(_MEDIA_REQUEST):
            others = WebSocketsSansIOProtocol(self._config, self._server_state, self._app_state)
            self._loop.call_soon(self._transport.set_protocol, others)
            others.connection_made(self._transport)
            others.data_received(data)
            return
        # Nothing may come before our answer, and what comes all the same has to wait.
        self._transport.pause_reading()
        task = self._loop.create_task(self._serve(data))
        self._server_state.tasks.add(task)
        task.add_done_callback(self._server_state.tasks.discard)

    async def _serve(self, data: bytes) -> None:
        """Serve the stream, or answer why not."""
        handshake = _Handshake(self._transport, data)
        if handshake.request is None:
            return
        media: MediaEndpoint = self._app_state[MEDIA_STATE]
        # uvicorn asks everything in this set to shut down when the server stops.
        connections = cast("set[WebSocket]", self._server_state.connections)

        def accept() -> MediaTransport:
            socket = handshake.accept()
            connections.add(socket)
            return MediaTransport(socket)

        try:
            await media(handshake.request, accept)
        except errors.PlatformError as error:
            logger.warning("media_stream_refused", code=error.code)
            handshake.refuse(error)
        except Exception:  # noqa: BLE001 - the socket's entry point: the peer gets an answer, and we a log line
            logger.exception("media_stream_failed")
            handshake.refuse(errors.PlatformError("Something went wrong."))
        finally:
            if handshake.socket is not None:
                connections.discard(handshake.socket)
                handshake.socket.close()


class _Handshake:
    """A WebSocket's first request and our answer: one of `accept` and `refuse`, none if the request was not valid."""

    def __init__(self, transport: asyncio.Transport, data: bytes) -> None:
        self._transport = transport
        self._protocol = ServerProtocol(max_size=LARGEST_MESSAGE_BYTES)
        self._protocol.receive_data(data)
        self.socket: WebSocket | None = None
        self.request: HTTPRequest | None = None
        request = next(iter(self._protocol.events_received()), None)
        if isinstance(request, Request):
            self._response = self._protocol.accept(request)
            if self._response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                self.request = _http_request(request)
            else:
                self._protocol.send_response(self._response)
        if self.request is None:
            self._write_and_close()

    def accept(self) -> WebSocket:
        """Say yes; the socket takes the transport over."""
        self._protocol.send_response(self._response)
        self._transport.write(b"".join(self._protocol.data_to_send()))
        self.socket = WebSocket(self._transport, self._protocol, PATIENCE)
        self._transport.set_protocol(self.socket)
        return self.socket

    def refuse(self, error: errors.PlatformError) -> None:
        """Say why not, with a status of our own; does nothing once the socket was accepted."""
        if self.socket is not None or self.request is None:
            return
        refusal = explain(error, self.request)
        headers = Headers({**refusal.headers, "content-type": refusal.content_type, "connection": "close"})
        body = refusal.body.encode()
        headers["content-length"] = str(len(body))
        status = HTTPStatus(refusal.status)
        self._protocol.send_response(Response(status, status.phrase, headers, body))
        self._write_and_close()

    def _write_and_close(self) -> None:
        self._transport.write(b"".join(self._protocol.data_to_send()))
        self._transport.close()


def _http_request(request: Request) -> HTTPRequest:
    path, _, query = request.path.partition("?")
    headers = {name.lower(): value for name, value in request.headers.raw_items()}
    return HTTPRequest(method=request.method, path=path, query=query, headers=headers, request_id=request_id(headers))
