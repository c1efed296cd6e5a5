"""Live updates through the real cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.adapters.redis.client import connect_cluster
from shared.adapters.redis.updates import READ_TIMEOUT_SECONDS, RedisEventPublisher, RedisEventSubscription
from shared.domain.conversation import ConversationKey
from shared.domain.event import EventType, PlatformEvent
from shared.errors import InvalidRequest
from tests.fakes.clock import FrozenClock

KEY = ConversationKey(channel="whatsapp", user_id="919800000001")


def event(number: int) -> PlatformEvent:
    return PlatformEvent(
        type=EventType.MESSAGE_SENT,
        at=datetime(2026, 3, 2, tzinfo=UTC),
        conversation_id=f"c-{number}",
        key=KEY,
        data={"number": number, "nested": [None, {"a": True}]},
    )


async def take(subscription: RedisEventSubscription, wanted: int, since: str | None) -> list[tuple[str, PlatformEvent]]:
    taken: list[tuple[str, PlatformEvent]] = []
    async with asyncio.timeout(10), aclosing(subscription.events(since=since)) as events:
        async for item in events:
            taken.append(item)
            if len(taken) == wanted:
                break
    return taken


@pytest.fixture
async def reading(cache_url: str) -> AsyncIterator[RedisEventSubscription]:
    client = connect_cluster(cache_url, socket_timeout_seconds=READ_TIMEOUT_SECONDS)
    yield RedisEventSubscription(client)
    await client.aclose()


@pytest.mark.integration
async def test_who_left_off_somewhere_misses_nothing(cache: Any, reading: RedisEventSubscription) -> None:
    publisher = RedisEventPublisher(cache)
    for number in range(5):
        await publisher.publish(event(number))

    first = await take(reading, 2, since="0-0")
    rest = await take(reading, 3, since=first[-1][0])

    assert [item for _, item in first + rest] == [event(number) for number in range(5)]


@pytest.mark.integration
async def test_who_comes_new_sees_only_what_comes(cache: Any, reading: RedisEventSubscription) -> None:
    publisher = RedisEventPublisher(cache)
    await publisher.publish(event(1))
    arrived = asyncio.create_task(take(reading, 1, since=None))

    # Published until it is seen, because nothing tells when the subscription has begun.
    while not arrived.done():
        await publisher.publish(event(2))
        await asyncio.wait({arrived}, timeout=0.05)

    assert [item.conversation_id for _, item in arrived.result()] == ["c-2"]


@pytest.mark.integration
async def test_the_stream_disappears_when_nobody_writes(cache: Any) -> None:
    await RedisEventPublisher(cache).publish(event(1))

    assert 300 <= await cache.ttl("updates") <= 330


@pytest.mark.integration
async def test_the_streams_life_is_prolonged_before_it_falls_below_five_minutes(cache: Any, clock: FrozenClock) -> None:
    publisher = RedisEventPublisher(cache, clock=lambda: clock().timestamp())
    await publisher.publish(event(1))
    await cache.expire("updates", 301)
    clock.advance(seconds=29)
    await publisher.publish(event(2))
    before = await cache.ttl("updates")
    clock.advance(seconds=1)

    await publisher.publish(event(3))

    assert before <= 301
    assert await cache.ttl("updates") >= 325


@pytest.mark.integration
async def test_events_of_one_moment_travel_together_in_order(
    cache: Any, reading: RedisEventSubscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    pipeline = cache.pipeline

    def note() -> Any:
        made.append(pipeline())
        return made[-1]

    monkeypatch.setattr(cache, "pipeline", note)
    publisher = RedisEventPublisher(cache)

    await asyncio.gather(*(publisher.publish(event(number)) for number in range(5)))

    taken = await take(reading, 5, since="0-0")
    assert [item for _, item in taken] == [event(number) for number in range(5)]
    assert len(made) == 1


@pytest.mark.integration
async def test_an_event_whose_publisher_was_cancelled_holds_nobody_up(
    cache: Any, reading: RedisEventSubscription
) -> None:
    publisher = RedisEventPublisher(cache)
    cancelled = asyncio.create_task(publisher.publish(event(1)))
    others = asyncio.create_task(publisher.publish(event(2)))
    await asyncio.sleep(0)
    cancelled.cancel()

    async with asyncio.timeout(10):
        await others
        await publisher.publish(event(3))

    assert [item for _, item in await take(reading, 3, since="0-0")] == [event(1), event(2), event(3)]


async def test_more_events_than_may_wait_are_dropped_and_the_others_are_dealt_with() -> None:
    client = connect_cluster("redis://127.0.0.1:1")
    publisher = RedisEventPublisher(client)

    async with asyncio.timeout(10):
        await asyncio.gather(*(publisher.publish(event(number)) for number in range(300)))

    await client.aclose()


@pytest.mark.integration
async def test_an_entry_that_cannot_be_read_is_passed_over(cache: Any, reading: RedisEventSubscription) -> None:
    await cache.xadd("updates", {"event": "{"})
    await cache.xadd("updates", {"other": "x"})
    await RedisEventPublisher(cache).publish(event(3))

    taken = await take(reading, 1, since="0-0")

    assert taken[0][1] == event(3)


async def test_a_forged_event_id_is_refused() -> None:
    subscription = RedisEventSubscription(connect_cluster("redis://127.0.0.1:1"))

    with pytest.raises(InvalidRequest):
        await anext(subscription.events(since="$; FLUSHALL"))


async def test_publishing_never_fails() -> None:
    client = connect_cluster("redis://127.0.0.1:1")

    await RedisEventPublisher(client).publish(event(1))

    await client.aclose()
