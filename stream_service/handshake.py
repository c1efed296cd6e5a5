"""A WebSocket's first request and our answer to it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from shared.http_contract import HTTPRequest, HTTPResponse
from stream_service.media_endpoint import request_id


class Handshake:
    """One of `accept` and `refuse`; none if the request was not valid, which was answered at once."""

    def __init__(self, transport: asyncio.Transport, data: bytes, *, largest_message_bytes: int) -> None:
        self._transport = transport
        self._protocol = ServerProtocol(max_size=largest_message_bytes)
        self._protocol.receive_data(data)
        self._is_answered = False
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

    def accept(self) -> ServerProtocol:
        """Say yes; whoever takes the protocol takes the transport over."""
        self._is_answered = True
        self._protocol.send_response(self._response)
        self._transport.write(b"".join(self._protocol.data_to_send()))
        return self._protocol

    def refuse(self, answer: HTTPResponse) -> None:
        """Say why not, with a status of our own; does nothing once the socket was accepted."""
        if self._is_answered or self.request is None:
            return
        headers = Headers({**answer.headers, "content-type": answer.content_type, "connection": "close"})
        body = answer.body.encode()
        headers["content-length"] = str(len(body))
        status = HTTPStatus(answer.status)
        self._protocol.send_response(Response(status, status.phrase, headers, body))
        self._write_and_close()

    def _write_and_close(self) -> None:
        self._transport.write(b"".join(self._protocol.data_to_send()))
        self._transport.close()


def _http_request(request: Request) -> HTTPRequest:
    path, _, query = request.path.partition("?")
    headers = {name.lower(): value for name, value in request.headers.raw_items()}
    return HTTPRequest(method=request.method, path=path, query=query, headers=headers, request_id=request_id(headers))
