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

    assert 295 <= await cache.ttl("updates") <= 300


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
