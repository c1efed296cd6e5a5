"""The door of the updates socket: who may open one is decided before it is accepted."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from datetime import datetime

from shared import errors
from shared.domain.access import Caller
from shared.domain.event import place_of
from shared.http_contract import HTTPRequest
from shared.observability import count
from shared.ports.access import UpdateTickets
from shared.ports.counters import Slot
from stream_service.live_calls import LiveCalls
from stream_service.updates.hub import UpdatesHub
from stream_service.updates.leases import SocketLeases
from stream_service.updates.recent import RecentUpdates
from stream_service.updates.update_socket import UpdateSocket

MOST_SOCKETS = 5000
"""Of one process; several times what it is measured for."""
GRACE_SECONDS = 30
"""How long a socket outlives the token that opened it: as much as tokens are believed after their end elsewhere."""

AcceptSocket = Callable[[RecentUpdates, int, float], UpdateSocket]


class NotHere(errors.StoreUnavailable):
    """This task is about to stop, or has as many sockets as it takes; another one may open the socket."""

    code = "not_here"


class UpdatesDoor:
    """Who may open `/updates`, and where among the updates the reader begins."""

    def __init__(
        self,
        hub: UpdatesHub,
        tickets: UpdateTickets,
        leases: SocketLeases,
        live_calls: LiveCalls,
        *,
        origins: Collection[str],
        now: Callable[[], datetime],
    ) -> None:
        """`origins`: the pages that browsers may open sockets from; programs name none."""
        self._hub = hub
        self._tickets = tickets
        self._leases = leases
        self._live_calls = live_calls
        self._origins = origins
        self._now = now

    async def __call__(self, request: HTTPRequest, accept: AcceptSocket) -> None:
        """Accept the socket.

        Raises:
            InvalidRequest: `since` is not the id of an event.
            Forbidden: a page of somebody else asks.
            Unauthenticated: the ticket is unknown, used or expired.
            RateLimited: the user has as many sockets as a user may have.
            StoreUnavailable: this task takes none now, or the ticket could not be looked up.
        """
        try:
            since = self._since(request)
            self._check_place(request)
            caller = await self._tickets.redeem(request.query_values.get("ticket", ""))
            if caller is None:
                raise errors.Unauthenticated("The ticket is unknown, used or expired; get another one.")
            lease = await self._leases.take(caller.subject)
            self._seat(lease, self._seconds_left(caller), since, accept)
        except errors.PlatformError:
            count("update_sockets_refused")
            raise

    def _since(self, request: HTTPRequest) -> str | None:
        since = request.query_values.get("since") or None
        if since is not None:
            try:
                place_of(since)
            except ValueError as error:
                raise errors.InvalidRequest("`since` is not the id of an event.") from error
        return since

    def _check_place(self, request: HTTPRequest) -> None:
        origin = request.headers.get("origin")
        if origin is not None and origin not in self._origins:
            raise errors.Forbidden("Live updates are not for pages of this origin.")
        if self._live_calls.is_draining or len(self._hub.audience) >= MOST_SOCKETS:
            raise NotHere("This instance takes no more sockets; connect again.", retry_after_seconds=1)
        _ = self._hub.recent  # Before the ticket is used up for nothing.

    def _seconds_left(self, caller: Caller) -> float:
        """For how long the caller may listen."""
        if caller.proof_ends_at is None:
            return math.inf
        return (caller.proof_ends_at - self._now()).total_seconds() + GRACE_SECONDS

    def _seat(self, lease: Slot, seconds_left: float, since: str | None, accept: AcceptSocket) -> None:
        """From finding the reader's place to its first update nothing may happen in between: nothing is awaited."""
        audience = self._hub.audience
        is_accepted = False
        try:
            first, before = self._hub.join_from(since)
            socket = accept(self._hub.recent, first, seconds_left)
            is_accepted = True
        finally:
            if not is_accepted:
                self._leases.give_back(lease)

        def leave() -> None:
            audience.leave(socket)
            self._leases.give_back(lease)

        audience.join(socket)
        socket.when_over(leave)
        if before:
            socket.say(before)
        socket.feed()
