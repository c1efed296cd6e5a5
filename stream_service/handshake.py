"""A WebSocket's first request and our answer to it."""

from __future__ import annotations

import asyncio
import time
import uuid
from http import HTTPStatus

from websockets.exceptions import HeaderLineTooLong, RequestLineTooLong, TooManyHeaders
from websockets.http11 import Request
from websockets.server import ServerProtocol

from shared import errors
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.observability.requests import record_request
from stream_service.media_endpoint import request_id
from stream_service.refusals import last_words, refusal

_TOO_LARGE = (HeaderLineTooLong, RequestLineTooLong, TooManyHeaders)
_VERSION = "13"
_MEDIA_PATH = "/media/"
_UPDATES_PATH = "/updates"


class Handshake:
    """One of `accept` and `refuse`; none if the request was not valid, which was answered at once."""

    def __init__(self, transport: asyncio.Transport, data: bytes) -> None:
        self._began_at = time.perf_counter()
        self._transport = transport
        self._protocol = ServerProtocol()
        self._protocol.receive_data(data)
        self._is_answered = False
        self.request: HTTPRequest | None = None
        request = next(iter(self._protocol.events_received()), None)
        if isinstance(request, Request):
            self._response = self._protocol.accept(request)
            if self._response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                self.request = _http_request(request, transport)
        if self.request is None:
            self._answer(self._objection())

    def accept(self, *, largest_message_bytes: int) -> ServerProtocol:
        """Say yes; whoever takes the protocol takes the transport over."""
        self._is_answered = True
        self._protocol.max_message_size = largest_message_bytes
        self._protocol.send_response(self._response)
        self._transport.write(b"".join(self._protocol.data_to_send()))
        self._record(HTTPStatus.SWITCHING_PROTOCOLS)
        return self._protocol

    def refuse(self, answer: HTTPResponse) -> None:
        """Say why not, with a status of our own; does nothing once the socket was accepted."""
        if not self._is_answered:
            self._answer(answer)

    def _answer(self, answer: HTTPResponse) -> None:
        self._is_answered = True
        self._transport.write(last_words(answer))
        self._transport.close()
        self._record(answer.status)

    def _record(self, status: int) -> None:
        elapsed_ms = (time.perf_counter() - self._began_at) * 1000
        record_request(method="GET", route=_route(self.request), status=status, elapsed_ms=elapsed_ms)

    def _objection(self) -> HTTPResponse:
        """The answer to what does not open a WebSocket. Source: RFC 6455, section 4.2.2."""
        if isinstance(self._protocol.handshake_exc, _TOO_LARGE):
            too_large = errors.TooLarge("The head of the request is too large.")
            return refusal(too_large, request_id=_new_id(), status=HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        unfit = refusal(errors.InvalidRequest("This request opens no WebSocket."), request_id=_new_id())
        return HTTPResponse(status=unfit.status, body=unfit.body, headers={"sec-websocket-version": _VERSION})


def _route(request: HTTPRequest | None) -> str:
    """Which of the two sockets was asked for; the token in the path is a secret while it is fresh."""
    path = "" if request is None else request.path
    if path.startswith(_MEDIA_PATH):
        return "/media/{token}"
    return path if path == _UPDATES_PATH else "unknown"


def _http_request(request: Request, transport: asyncio.Transport) -> HTTPRequest:
    path, _, query = request.path.partition("?")
    headers: dict[str, str] = {}
    for name, value in request.headers.raw_items():
        known = headers.get(name.lower())
        headers[name.lower()] = value if known is None else f"{known},{value}"
    return HTTPRequest(
        method=request.method,
        path=path,
        query=query,
        headers=headers,
        source_ip=_source_ip(headers, transport),
        request_id=request_id(headers),
    )


def _source_ip(headers: dict[str, str], transport: asyncio.Transport) -> str:
    """What our load balancer appended to X-Forwarded-For; without one, the address at the other end."""
    forwarded = headers.get("x-forwarded-for")
    if forwarded is not None:
        return forwarded.rpartition(",")[2].strip()
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""


def _new_id() -> str:
    return uuid.uuid4().hex
