"""HTTP for those who ask: one request a connection, whole within ten seconds, its answer read within thirty."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared import errors
from shared.observability import count
from stream_service.media.web_socket import WebSocket
from stream_service.refusals import last_words, refusal
from stream_service.updates.update_socket import UpdateSocket

REQUEST_SECONDS = 10.0
"""From the first moment of the connection to the last byte of the request, however it trickles in."""
ANSWER_SECONDS = 30.0
"""From then until the answer has left; who reads it more slowly is cut off."""
MOST_STRANGERS = 1000
"""Connections that are neither calls nor readers (yet); more are told to come back, and twice as many are not heard."""
LARGEST_HEAD_BYTES = 16_384
_FAREWELL_SECONDS = 1.0
_REFUSED_AT = 2
_END_OF_HEAD = b"\r\n\r\n"
_HEAD_TOO_LARGE = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


class ImpatientHTTP(H11Protocol):
    """A connection that was not upgraded, or is not yet: it has one request and no time to waste.

    There is no second request on a connection (the server says `Connection: close` with every answer), so there is no
    idle time to bound, and a load balancer never sends a request into a connection that is just being closed.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait; called by the event loop."""
        super().connection_made(transport)
        self._is_whole = False
        self._is_refused = False
        strangers = _count_strangers(self.connections)
        self._is_surplus = strangers > MOST_STRANGERS
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self._give_up_waiting)
        if strangers > _REFUSED_AT * MOST_STRANGERS:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what came of the request; called by the event loop."""
        if self._is_refused:
            return
        if self._is_surplus:
            count("connections_refused")
            busy = errors.RateLimited("This instance has as many connections as it takes.", retry_after_seconds=1)
            self._refuse(busy, HTTPStatus.SERVICE_UNAVAILABLE)
            return
        if self._is_head_too_large(data):
            self._refuse(errors.TooLarge("The head of the request is too large."), _HEAD_TOO_LARGE)
            return
        super().data_received(data)
        # uvicorn says that there always is a cycle; there is none before the first request.
        cycle = getattr(self, "cycle", None)
        if cycle is not None and not cycle.more_body and not self._is_whole:
            self._is_whole = True
            self._deadline.cancel()
            self._deadline = self.loop.call_later(ANSWER_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that the connection is gone; called by the event loop."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Let go of the connection; whoever takes it has time limits of their own. Called by uvicorn."""
        self._deadline.cancel()
        if self.conn.trailing_data[0]:
            # RFC 6455, section 4.1: a client waits for our answer. What it sent before would be lost, or misread.
            self._refuse(errors.InvalidRequest("Nothing may follow the request before it is answered."))
            return
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP in the envelope; called by uvicorn."""
        self._refuse(errors.InvalidRequest(msg))

    def _is_head_too_large(self, data: bytes) -> bool:
        """h11 bounds what is incomplete; a head that comes in one piece is bounded here."""
        if self.conn.their_state is not h11.IDLE:
            return False
        known = self.conn.trailing_data[0] + data
        return len(known) > LARGEST_HEAD_BYTES and _END_OF_HEAD not in known[:LARGEST_HEAD_BYTES]

    def _give_up_waiting(self) -> None:
        if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
            self.transport.abort()
        else:
            late = errors.InvalidRequest("The request did not come whole in time.")
            self._refuse(late, HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, error: errors.PlatformError, status: HTTPStatus | None = None) -> None:
        """Answer and close, unless an answer has begun already: then only close."""
        self._is_refused = True
        self._deadline.cancel()
        if self.transport.is_closing() or self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.abort()
            return
        self.transport.write(last_words(refusal(error, request_id=uuid.uuid4().hex, status=status)))
        # Closing at once would take the answer away from a peer that is still sending. Source: RFC 9112, section 9.6.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline = self.loop.call_later(_FAREWELL_SECONDS, self.transport.abort)


def _count_strangers(connections: Iterable[object]) -> int:
    """How many have not shown yet who they are, this one included."""
    return sum(not isinstance(connection, (WebSocket, UpdateSocket)) for connection in connections)
