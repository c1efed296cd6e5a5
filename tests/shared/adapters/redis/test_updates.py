"""Live updates through the real cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.exceptions import ConnectionError as NoConnection

from shared.adapters.redis import updates as adapter
from shared.adapters.redis.client import connect_cluster
from shared.adapters.redis.updates import READ_TIMEOUT_SECONDS, RedisEventPublisher, RedisEventSubscription
from shared.domain.conversation import ConversationKey
from shared.domain.event import EventType, PlatformEvent, UpdateBatch
from shared.errors import StoreUnavailable
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


async def take(subscription: RedisEventSubscription, wanted: int, after: str) -> list[tuple[str, PlatformEvent]]:
    taken: list[tuple[str, PlatformEvent]] = []
    async with asyncio.timeout(10), aclosing(subscription.batches(after=after)) as batches:
        async for batch in batches:
            taken += [(update.id, update.event) for update in batch.updates]
            if len(taken) >= wanted:
                break
    return taken


async def first_batch(subscription: RedisEventSubscription, after: str) -> UpdateBatch:
    async with asyncio.timeout(10), aclosing(subscription.batches(after=after)) as batches:
        return await anext(batches)


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

    everything = await take(reading, 5, after="0-0")
    rest = await take(reading, 3, after=everything[1][0])

    assert [item for _, item in everything] == [event(number) for number in range(5)]
    assert rest == everything[2:]


@pytest.mark.integration
async def test_what_is_told_later_comes_to_who_waits_for_it(cache: Any, reading: RedisEventSubscription) -> None:
    publisher = RedisEventPublisher(cache)
    async with asyncio.timeout(10), aclosing(reading.batches(after="0-0")) as batches:
        nothing = await anext(batches)
        coming = asyncio.create_task(anext(batches))
        await publisher.publish(event(1))

        assert [update.event for update in (await coming).updates] == [event(1)]

    assert nothing == UpdateBatch(is_up_to_date=True)


@pytest.mark.integration
async def test_more_than_fits_into_one_reading_is_not_up_to_date(
    cache: Any, reading: RedisEventSubscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_READ_AT_ONCE", 2)
    publisher = RedisEventPublisher(cache)
    for number in range(3):
        await publisher.publish(event(number))

    async with asyncio.timeout(10), aclosing(reading.batches(after="0-0")) as batches:
        first, second = await anext(batches), await anext(batches)

    assert ([len(first.updates), len(second.updates)], first.is_up_to_date, second.is_up_to_date) == (
        [2, 1],
        False,
        True,
    )


@pytest.mark.integration
async def test_after_an_outage_reading_goes_on_where_it_was_and_says_so(
    cache: Any, reading: RedisEventSubscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_RETRY_SECONDS", 0)
    client = reading._client
    publisher = RedisEventPublisher(cache)
    await publisher.publish(event(1))
    answers = iter([NoConnection(), NoConnection()])
    read = client.xread

    async def fail_twice(*arguments: Any, **options: Any) -> Any:
        if (failure := next(answers, None)) is not None:
            raise failure
        return await read(*arguments, **options)

    async with asyncio.timeout(10), aclosing(reading.batches(after="0-0")) as batches:
        before = await anext(batches)
        await publisher.publish(event(2))
        monkeypatch.setattr(client, "xread", fail_twice)
        behind, later = await anext(batches), asyncio.create_task(anext(batches))
        await publisher.publish(event(3))
        after = await later

    assert [update.event for batch in (before, behind, after) for update in batch.updates] == [
        event(1),
        event(2),
        event(3),
    ]
    assert [batch.follows_interruption for batch in (before, behind, after)] == [False, True, False]


@pytest.mark.integration
async def test_everything_is_kept_as_long_as_nothing_was_taken_from_the_stream(
    cache: Any, reading: RedisEventSubscription
) -> None:
    without_stream = await reading.kept_after("5-0")
    await RedisEventPublisher(cache).publish(event(1))

    assert [without_stream, await reading.kept_after("5-0")] == ["5-0", "5-0"]


@pytest.mark.integration
async def test_a_stream_that_was_cut_keeps_only_what_comes_after_its_oldest_entry(
    cache: Any, reading: RedisEventSubscription
) -> None:
    publisher = RedisEventPublisher(cache)
    for number in range(5):
        await publisher.publish(event(number))
    told = await take(reading, 5, after="0-0")
    await cache.xtrim("updates", maxlen=2, approximate=False)

    assert await reading.kept_after("5-0") == told[3][0]
    assert await reading.kept_after(told[4][0]) == told[4][0]


async def test_what_is_kept_is_not_known_without_the_cache() -> None:
    client = connect_cluster("redis://127.0.0.1:1")

    with pytest.raises(StoreUnavailable):
        await RedisEventSubscription(client).kept_after("0-0")

    await client.aclose()


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
async def test_what_is_older_than_five_minutes_goes_when_the_stream_is_prolonged(cache: Any) -> None:
    seconds, _ = await cache.time(target_nodes=cache.get_node_from_key("updates"))
    for number in range(300):
        await cache.xadd("updates", {"event": b"old"}, id=f"{(seconds - 400) * 1000}-{number + 1}")
    for number in range(300):
        await cache.xadd("updates", {"event": b"young"}, id=f"{(seconds - 290) * 1000}-{number + 1}")

    await RedisEventPublisher(cache).publish(event(1))

    kept = [fields[b"event"] for _, fields in await cache.xrange("updates")]
    assert kept.count(b"young") == 300
    # The server drops whole nodes of its tree only.
    assert kept.count(b"old") <= 100


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

    taken = await take(reading, 5, after="0-0")
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

    assert [item for _, item in await take(reading, 3, after="0-0")] == [event(1), event(2), event(3)]


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

    taken = await take(reading, 1, after="0-0")

    assert taken[0][1] == event(3)


async def test_publishing_never_fails() -> None:
    client = connect_cluster("redis://127.0.0.1:1")

    await RedisEventPublisher(client).publish(event(1))

    await client.aclose()
