"""An updates service on fakes behind a real port, and readers of its sockets."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from shared.domain.access import Caller
from shared.domain.conversation import ConversationKey
from shared.domain.event import EventType, PlatformEvent
from shared.errors import StoreUnavailable
from shared.ports.counters import ConnectionCounter
from shared.ports.messaging import EventSubscription
from stream_service.live_calls import LiveCalls
from stream_service.updates.door import UpdatesDoor
from stream_service.updates.hub import UpdatesHub
from stream_service.updates.leases import SocketLeases
from stream_service.updates.service import UpdatesService
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeConnectionCounter
from tests.fakes.messaging import FakeEventSubscription
from tests.stream_service.running_service import Service, running

OWN_PAGE = "https://calls.example.in"


class Tickets:
    """Implements `UpdateTickets`; a ticket is the user's name and a number, each good once."""

    def __init__(self, *, proofs_end_at: datetime | None = None) -> None:
        self.used: set[str] = set()
        self.is_down = False
        self.proofs_end_at = proofs_end_at

    async def mint(self, caller: Caller, *, ttl_seconds: int) -> str:
        raise AssertionError("the stream service mints no tickets")

    async def redeem(self, ticket: str) -> Caller | None:
        await asyncio.sleep(0)  # the real one asks Redis
        if self.is_down:
            raise StoreUnavailable("down")
        user, _, number = ticket.partition("-")
        if not number or ticket in self.used:
            return None
        self.used.add(ticket)
        return Caller(subject=user, proof_ends_at=self.proofs_end_at)


class OpenDoor:
    """A running service that takes readers."""

    def __init__(self, service: Service, updates: UpdatesService, tickets: Tickets) -> None:
        self.service = service
        self.updates = updates
        self.tickets = tickets
        self._numbers = itertools.count(1)

    @property
    def open_sockets(self) -> int:
        return len(self.updates.hub.audience)

    def connect(self, user: str = "asha", *, ticket: str | None = None, since: str = "", origin: str = "") -> connect:
        """Open a socket."""
        ticket = f"{user}-{next(self._numbers)}" if ticket is None else ticket
        query = f"ticket={ticket}" + (f"&since={since}" if since else "")
        headers = {"origin": origin} if origin else {}
        url = f"ws://127.0.0.1:{self.service.port}/updates?{query}"
        return connect(url, additional_headers=headers, proxy=None)

    async def until_open(self, count: int) -> None:
        """Wait until so many sockets are open."""
        async with asyncio.timeout(10):
            while self.open_sockets != count:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def open_door(
    subscription: EventSubscription | None = None,
    *,
    slots: ConnectionCounter | None = None,
    tickets: Tickets | None = None,
) -> AsyncGenerator[OpenDoor, None]:
    """A service whose hub is up to date."""
    clock = FrozenClock()
    tickets = tickets or Tickets()
    made: list[UpdatesService] = []

    def updates(live_calls: LiveCalls) -> UpdatesService:
        hub = UpdatesHub(subscription or FakeEventSubscription(), clock)
        leases = SocketLeases(slots or FakeConnectionCounter(clock), sockets_per_user=3)
        door = UpdatesDoor(hub, tickets, leases, live_calls, origins={OWN_PAGE}, now=clock)
        made.append(UpdatesService(hub, leases, door, live_calls))
        return made[0]

    async with running(updates=updates) as service:
        yield OpenDoor(service, made[0], tickets)


def told(number: int, *, size: int = 0) -> tuple[str, PlatformEvent]:
    """The id of an event, and the event."""
    at = FrozenClock()()
    event = PlatformEvent(
        type=EventType.MESSAGE_SENT,
        at=at,
        conversation_id=f"c-{number}",
        key=ConversationKey(channel="whatsapp", user_id="919800000001"),
        data={"number": number, "text": "x" * size},
    )
    return f"{int(at.timestamp() * 1000)}-{number}", event


async def read(reader: ClientConnection, count: int) -> list[Any]:
    """The messages that come next."""
    async with asyncio.timeout(10):
        return [json.loads(await reader.recv()) for _ in range(count)]


def ids(messages: Iterable[dict[str, Any]]) -> list[str]:
    return [message["id"] for message in messages]
