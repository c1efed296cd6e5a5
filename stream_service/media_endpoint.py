"""The door of the media stream: who may open the socket is decided before it is accepted."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Protocol

from shared import errors
from shared.domain.call import StreamTicket
from shared.http_contract import HTTPRequest, HTTPResponse
from shared.observability import bind, unbind
from shared.ports.stores import StreamTickets
from shared.use_cases.guard_source import GuardSource
from stream_service.live_calls import LiveCalls
from stream_service.media.transport import MediaTransport


class StreamSignature(Protocol):
    """Checks that Twilio opened a stream's socket."""

    def verify_upgrade(self, *, path: str, query: str = "", signature: str | None) -> None:
        """Make sure that Twilio signed a socket's address.

        Raises:
            SignatureInvalid: it did not, or cannot be shown to have.
        """


_GUARDED_PATH = "/media"
_TRACE_ROOT = re.compile(r"(?:^|;)\s*Root=([\w-]{1,64})")

ServeCall = Callable[[StreamTicket, MediaTransport], Awaitable[None]]


class MediaEndpoint:
    """Who may open `/media/{token}`, and the call that follows.

    Both proofs are needed: Twilio's signature shows who opens the socket, the single-use token for which call. Where a
    page comes from is not asked: pages cannot set the header of the signature, so none of them gets in.
    """

    def __init__(
        self,
        signature: StreamSignature,
        guard: GuardSource,
        tickets: StreamTickets,
        live_calls: LiveCalls,
        serve: ServeCall,
    ) -> None:
        """`guard` shuts out who fails to sign too often."""
        self._signature = signature
        self._guard = guard
        self._tickets = tickets
        self._live_calls = live_calls
        self._serve = serve

    async def __call__(self, request: HTTPRequest, accept: Callable[[], MediaTransport]) -> None:
        """Accept the socket and serve its call, until the call is over.

        Raises:
            SignatureInvalid: Twilio did not sign the request.
            Blocked: the same, from a source that failed too often.
            Unauthenticated: the token is not one of ours, or not any more.
            RateLimited: this process takes no more calls.
            StoreUnavailable: the token could not be looked up.
        """
        try:
            # Before a place is taken: whoever cannot sign must not keep callers out, not even for a moment.
            await self._check_signature(request)
            with self._live_calls.admit():
                ticket = await self._identify(request)
                bind(call_sid=ticket.call_sid)
                await self._serve(ticket, accept())
        finally:
            unbind()

    async def _check_signature(self, request: HTTPRequest) -> None:
        def prove(_request: HTTPRequest) -> None:
            signature = request.headers.get("x-twilio-signature", "")
            self._signature.verify_upgrade(path=request.path, query=request.query, signature=signature)

        # Every token is another path; failures count for all of them together.
        await self._guard(replace(request, path=_GUARDED_PATH), prove, webhook="media")

    async def _identify(self, request: HTTPRequest) -> StreamTicket:
        ticket = await self._tickets.redeem(request.path.removeprefix("/media/"))
        if ticket is None:
            raise errors.Unauthenticated("The stream token is unknown, used or expired.")
        return ticket


def explain(error: errors.PlatformError, request: HTTPRequest) -> HTTPResponse:
    """The answer to a refused socket: a full process is no fault of this caller, so it gets 503 and not 429."""
    answer = HTTPResponse.failure(error, request_id=request.request_id)
    return replace(answer, status=503) if isinstance(error, errors.RateLimited) else answer


def request_id(headers: Mapping[str, str]) -> str:
    """The load balancer's id of the request; one of our own where there is no load balancer."""
    root = _TRACE_ROOT.search(headers.get("x-amzn-trace-id", ""))
    return root[1] if root else uuid.uuid4().hex
