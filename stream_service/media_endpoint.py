"""The door of the media stream: who may open the socket is decided before it is accepted."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Protocol

from shared import errors
from shared.domain.call import StreamTicket
from shared.http_contract import HTTPResponse
from shared.observability import bind, logger, unbind
from shared.ports.stores import StreamTickets
from stream_service.live_calls import LiveCalls
from stream_service.media.transport import MediaTransport, Message, Receive, Send


class StreamSignature(Protocol):
    """Checks that Twilio opened a stream's socket."""

    def verify_upgrade(self, *, path: str, query: str = "", signature: str | None) -> None:
        """Make sure that Twilio signed a socket's address.

        Raises:
            SignatureInvalid: it did not, or cannot be shown to have.
        """


_TRACE_ROOT = re.compile(r"(?:^|;)\s*Root=([\w-]{1,64})")

ServeCall = Callable[[StreamTicket, MediaTransport], Awaitable[None]]


class MediaEndpoint:
    """The ASGI application behind `/media/{token}`.

    Both proofs are needed: Twilio's signature shows who opens the socket, the single-use token for which call. A
    request that lacks either gets HTTP 401 and no socket.
    """

    def __init__(
        self, signature: StreamSignature, tickets: StreamTickets, live_calls: LiveCalls, serve: ServeCall
    ) -> None:
        self._signature = signature
        self._tickets = tickets
        self._live_calls = live_calls
        self._serve = serve

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Admit a socket and serve its call."""
        if scope["type"] != "websocket":
            await _answer_http(scope, send, errors.Unauthenticated("Only signed WebSocket upgrades are taken here."))
            return
        await receive()  # websocket.connect: the handshake waits for our decision
        try:
            with self._live_calls.admit():
                ticket = await self._identify(scope)
                bind(call_sid=ticket.call_sid)
                await send({"type": "websocket.accept"})
                await self._serve(ticket, MediaTransport(receive, send))
        except errors.PlatformError as error:
            logger.warning("media_stream_refused", code=error.code)
            await _deny(scope, send, error)
        finally:
            unbind()

    async def _identify(self, scope: Message) -> StreamTicket:
        path = scope["raw_path"].decode("ascii", "replace")
        signature = dict(scope["headers"]).get(b"x-twilio-signature", b"").decode("ascii", "replace")
        query = scope["query_string"].decode("ascii", "replace")
        self._signature.verify_upgrade(path=path, query=query, signature=signature)
        ticket = await self._tickets.redeem(path.rpartition("/")[2])
        if ticket is None:
            raise errors.Unauthenticated("The stream token is unknown, used or expired.")
        return ticket


async def _deny(scope: Message, send: Send, error: errors.PlatformError) -> None:
    """Refuse the upgrade with a status of our own; a plain close would become a 403."""
    response = HTTPResponse.failure(error, request_id=_request_id(scope))
    headers = [(name.encode(), value.encode()) for name, value in response.headers.items()]
    await send(
        {
            "type": "websocket.http.response.start",
            "status": 503 if isinstance(error, errors.RateLimited) else response.status,
            "headers": [(b"content-type", b"application/json"), *headers],
        }
    )
    await send({"type": "websocket.http.response.body", "body": response.body.encode()})


async def _answer_http(scope: Message, send: Send, error: errors.PlatformError) -> None:
    response = HTTPResponse.failure(error, request_id=_request_id(scope))
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body.encode()})


def _request_id(scope: Message) -> str:
    """The load balancer's id of the request; one of our own where there is no load balancer."""
    trace = dict(scope["headers"]).get(b"x-amzn-trace-id", b"").decode("ascii", "replace")
    root = _TRACE_ROOT.search(trace)
    return root[1] if root else uuid.uuid4().hex
