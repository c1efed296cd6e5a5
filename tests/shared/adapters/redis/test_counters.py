"""How counters live in the cluster."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.redis.counters import RedisBlocklist, RedisConnectionCounter, RedisRateCounter
from shared.adapters.redis.tickets import RedisStreamTickets
from tests.samples import a_ticket

pytestmark = pytest.mark.integration


@pytest.mark.requirement("12.1")
async def test_a_window_ends_with_its_first_request_and_not_its_last(cache: Any) -> None:
    rates = RedisRateCounter(cache)
    await rates.hit("asha", window_seconds=60)
    await cache.expire("rate:{asha}:60", 20)

    window = await rates.hit("asha", window_seconds=60)

    assert window.resets_in_seconds <= 20
    await cache.delete("rate:{asha}:60")
    assert (await rates.hit("asha", window_seconds=60)).count == 1


async def test_a_counter_that_lost_its_end_gets_a_new_one(cache: Any) -> None:
    await cache.set("rate:{asha}:60", 7)

    window = await RedisRateCounter(cache).hit("asha", window_seconds=60)

    assert (window.count, window.resets_in_seconds) == (8, 60)


@pytest.mark.requirement("6.5")
async def test_failures_and_blocks_end_by_themselves(cache: Any) -> None:
    blocklist = RedisBlocklist(cache)

    async def fail() -> int:
        await blocklist.record_failure("192.0.2.1", failures_before_block=2, window_seconds=300, block_seconds=900)
        return int(await cache.ttl("source:{192.0.2.1}"))

    assert 295 <= await fail() <= 300
    assert 895 <= await fail() <= 900
    await cache.expire("source:{192.0.2.1}", 200)
    assert await fail() <= 200


async def test_slots_of_a_user_end_with_the_last_of_them(cache: Any) -> None:
    slots = RedisConnectionCounter(cache)

    await slots.take("asha", "long", limit=3, ttl_seconds=600)
    await slots.take("asha", "short", limit=3, ttl_seconds=10)

    assert 590 <= await cache.ttl("slots:{asha}") <= 600


async def test_a_token_ends_by_itself(cache: Any) -> None:
    token = await RedisStreamTickets(cache).mint(a_ticket(), ttl_seconds=30)

    assert 0 < await cache.ttl(f"stream:{{{token}}}") <= 30
