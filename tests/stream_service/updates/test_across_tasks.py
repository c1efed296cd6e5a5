"""Two running services on one real cache cluster: users, limits and updates are the same at both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from shared.adapters.redis.client import connect_cluster
from shared.adapters.redis.counters import RedisConnectionCounter
from shared.adapters.redis.update_tickets import RedisUpdateTickets
from shared.adapters.redis.updates import READ_TIMEOUT_SECONDS, RedisEventPublisher, RedisEventSubscription
from shared.domain.access import Caller
from shared.domain.event import PlatformEvent
from stream_service.live_calls import LiveCalls
from stream_service.updates import leases
from stream_service.updates.door import UpdatesDoor
from stream_service.updates.hub import UpdatesHub
from stream_service.updates.leases import SocketLeases
from stream_service.updates.service import UpdatesService
from tests.stream_service.running_service import Service, running
from tests.stream_service.updates.open_door import ids, read, told

pytestmark = pytest.mark.integration


def utc_now() -> datetime:
    return datetime.now(UTC)


class Cluster:
    """The cache as the platform uses it."""

    def __init__(self, client: Any, url: str) -> None:
        self.client = client
        self.url = url
        self.tickets = RedisUpdateTickets(client)
        self.publisher = RedisEventPublisher(client)
        self.updates: list[UpdatesService] = []

    @asynccontextmanager
    async def task(self) -> AsyncGenerator[Service, None]:
        """One more task of the stream service."""
        reading = connect_cluster(self.url, socket_timeout_seconds=READ_TIMEOUT_SECONDS)

        def updates(live_calls: LiveCalls) -> UpdatesService:
            hub = UpdatesHub(RedisEventSubscription(reading), utc_now)
            held = SocketLeases(RedisConnectionCounter(self.client), sockets_per_user=3)
            door = UpdatesDoor(hub, self.tickets, held, live_calls, origins=(), now=utc_now)
            self.updates.append(UpdatesService(hub, held, door, live_calls))
            return self.updates[-1]

        async with running(updates=updates) as service:
            yield service
        await reading.aclose()

    async def connect(self, service: Service, user: str = "asha", *, since: str = "") -> ClientConnection:
        """Open a socket at one task, as soon as it takes any."""
        async with asyncio.timeout(10):
            while True:
                ticket = await self.tickets.mint(Caller(subject=user), ttl_seconds=30)
                query = f"ticket={ticket}" + (f"&since={since}" if since else "")
                try:
                    return await connect(f"ws://127.0.0.1:{service.port}/updates?{query}", proxy=None)
                except InvalidStatus as refused:
                    if refused.response.status_code != 503:
                        raise
                    await asyncio.sleep(0.05)

    async def reconnect(self, service: Service) -> ClientConnection:
        """Open a socket when another of the same user has just been closed: long before a lease could run out."""
        async with asyncio.timeout(leases.LEASE_SECONDS / 3):
            while True:
                try:
                    return await self.connect(service)
                except InvalidStatus:
                    await asyncio.sleep(0.02)

    async def publish(self, *numbers: int) -> None:
        for number in numbers:
            await self.publisher.publish(self.event(number))

    @staticmethod
    def event(number: int) -> PlatformEvent:
        return told(number)[1]


@pytest.fixture
def cluster(cache: Any, cache_url: str) -> Cluster:
    return Cluster(cache, cache_url)


@pytest.mark.requirement("13.3")
async def test_readers_of_all_tasks_hear_the_same_with_the_same_ids(cluster: Cluster) -> None:
    async with cluster.task() as first, cluster.task() as second:
        readers = [await cluster.connect(service) for service in (first, second)]

        await cluster.publish(1, 2, 3)
        heard = [await read(reader, 3) for reader in readers]

    assert heard[0] == heard[1]
    assert [message["data"]["number"] for message in heard[0]] == [1, 2, 3]


@pytest.mark.requirement("12.3")
async def test_three_sockets_are_a_users_limit_at_all_tasks_together(cluster: Cluster) -> None:
    async with cluster.task() as first, cluster.task() as second, AsyncExitStack() as stack:
        for service in (first, second, first):
            await stack.enter_async_context(await cluster.connect(service))

        with pytest.raises(InvalidStatus) as refused:
            await cluster.connect(second)

    assert refused.value.response.status_code == 429


@pytest.mark.requirement("12.3")
async def test_of_many_sockets_that_are_opened_at_once_at_several_tasks_three_stay_and_one_that_closes_makes_room(
    cluster: Cluster,
) -> None:
    async with cluster.task() as first, cluster.task() as second:
        for service in (first, second):  # both have heard of the updates by now
            async with await cluster.connect(service, "ravi"):
                pass

        opened = await asyncio.gather(
            *(cluster.connect((first, second)[number % 2]) for number in range(16)), return_exceptions=True
        )
        readers = [socket for socket in opened if isinstance(socket, ClientConnection)]
        refused = [error.response.status_code for error in opened if isinstance(error, InvalidStatus)]
        await readers[0].close()
        another = await cluster.reconnect(second)
        with pytest.raises(InvalidStatus):
            await cluster.connect(first)

        assert (len(readers), refused) == (3, [429] * 13)
        for reader in (*readers, another):
            await reader.close()


async def test_who_goes_on_at_another_task_misses_nothing_and_hears_nothing_twice(cluster: Cluster) -> None:
    numbers: list[int] = []

    async with cluster.task() as first, cluster.task() as second, asyncio.TaskGroup() as tasks:
        reader = await cluster.connect(first)
        publishing = tasks.create_task(cluster.publish(*range(100)))
        # Broken off again and again, and going on at the other task, while events are told all the time.
        for turn in range(50):
            (message,) = await read(reader, 1)
            numbers.append(message["data"]["number"])
            reader.transport.abort()
            await reader.wait_closed()
            reader = await cluster.connect((first, second)[turn % 2], since=message["id"])
        await publishing
        numbers += [message["data"]["number"] for message in await read(reader, 50)]

    assert numbers == list(range(100))


async def test_sockets_of_a_task_that_died_count_no_longer_than_their_leases(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 1)
    counter = RedisConnectionCounter(cluster.client)
    for number in range(3):
        await counter.take("updates:asha", f"of-a-dead-task-{number}", limit=3, ttl_seconds=2)

    async with cluster.task() as service:
        with pytest.raises(InvalidStatus) as refused:
            await cluster.connect(service)
        async with asyncio.timeout(10):
            while await counter.holds("updates:asha", "of-a-dead-task-2"):
                await asyncio.sleep(0.05)

        async with await cluster.connect(service):
            pass

    assert (refused.value.response.status_code, refused.value.response.headers["retry-after"]) == (429, "1")


async def test_leases_are_renewed_for_as_long_as_the_socket_is_open(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.02)
    counter = RedisConnectionCounter(cluster.client)

    async with cluster.task() as service, await cluster.connect(service), asyncio.timeout(10):
        (slot,) = cluster.updates[0]._leases._held
        await cluster.client.delete("slots:{updates:asha}", "slot-holders:{updates:asha}")  # a cache that lost its data
        while not await counter.holds(*slot):
            await asyncio.sleep(0.01)


async def test_a_task_that_stops_gives_its_places_back_at_once(cluster: Cluster) -> None:
    async with cluster.task() as second:
        async with cluster.task() as first:
            readers = [await cluster.connect(first) for _ in range(3)]
        for reader in readers:
            await reader.wait_closed()

        again = [await cluster.connect(second) for _ in range(3)]

    assert {reader.close_code for reader in readers} == {1012}
    assert len(again) == 3


async def test_an_event_reaches_every_reader_after_the_cache_was_emptied(cluster: Cluster) -> None:
    async with cluster.task() as service:
        reader = await cluster.connect(service)
        await cluster.publish(1)
        before = await read(reader, 1)
        await cluster.client.flushall(target_nodes=cluster.client.PRIMARIES)

        await cluster.publish(2)
        after = await read(reader, 1)

    assert ids(before) < ids(after)
