"""How counters live in the cluster."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.redis.counters import RedisBlocklist, RedisConnectionCounter, RedisRateCounter
from shared.adapters.redis.tickets import RedisStreamTickets
from shared.domain.quota import Admission
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeRateCounter
from tests.samples import a_ticket

pytestmark = pytest.mark.integration


PASSED = "passed:{asha}:60"


async def pass_time(cache: Any, *, seconds: int) -> None:
    """Let the log of who passed look as it will then, and its head as well."""
    entries = [entry.decode() for entry in await cache.lrange(PASSED, 0, -1)]
    if not entries:
        return
    head, *passed = entries
    refused, until_ms = head.split()
    older = [f"{refused} {int(until_ms) - seconds * 1000}", *(str(int(at_ms) - seconds * 1000) for at_ms in passed)]
    await cache.delete(PASSED)
    await cache.rpush(PASSED, *older)


async def ask(cache: Any, times: int = 1, *, cost: int = 1) -> list[Admission]:
    rates = RedisRateCounter(cache)
    return [await rates.admit("asha", limit=100, window_seconds=60, cost=cost) for _ in range(times)]


@pytest.mark.requirement("12.1")
async def test_no_stretch_of_a_minute_has_more_than_the_limit_wherever_it_begins(cache: Any) -> None:
    await ask(cache, 1)
    await pass_time(cache, seconds=58)
    before = await ask(cache, 99)
    await pass_time(cache, seconds=3)
    after = await ask(cache, 100)

    assert all(admission.is_admitted for admission in before)
    # A window that had begun with the first request would be over by now, and would let a hundred more pass.
    assert sum(admission.is_admitted for admission in after) == 1
    assert after[-1].retry_after_seconds == 57


@pytest.mark.requirement("12.2")
async def test_whoever_waits_as_told_passes_and_whoever_comes_earlier_does_not(cache: Any) -> None:
    await ask(cache, 100)
    await pass_time(cache, seconds=20)
    (refused,) = await ask(cache)

    assert refused.retry_after_seconds == 40
    await pass_time(cache, seconds=39)
    assert not (await ask(cache))[0].is_admitted
    await pass_time(cache, seconds=1)
    assert (await ask(cache))[0].is_admitted


async def test_whoever_never_stops_asking_waits_no_longer_for_it(cache: Any) -> None:
    await ask(cache, 100)
    for _ in range(6):
        await pass_time(cache, seconds=9)
        assert not any(admission.is_admitted for admission in await ask(cache, 30))

    await pass_time(cache, seconds=6)

    assert (await ask(cache))[0].is_admitted


async def test_a_log_is_gone_a_minute_after_the_last_request_and_small_until_then(cache: Any) -> None:
    await ask(cache, 1, cost=5000)
    await ask(cache, 500)

    assert 55 <= await cache.ttl(PASSED) <= 60
    assert await cache.llen(PASSED) == 101


async def test_a_clock_of_the_server_that_was_set_back_locks_nobody_out(cache: Any) -> None:
    await ask(cache, 120)
    await pass_time(cache, seconds=-3600)

    (admission,) = await ask(cache)

    assert (admission.is_admitted, admission.count) == (True, 1)


class Requests(NamedTuple):
    """So long after those before, so many at once."""

    seconds_later: int
    cost: int


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    limit=st.integers(1, 6),
    asked=st.lists(st.builds(Requests, st.sampled_from([0, 0, 1, 7, 30, 59, 60, 61]), st.integers(1, 8)), max_size=25),
)
async def test_the_log_decides_as_the_model_does(
    cache: Any, clock: FrozenClock, limit: int, asked: list[Requests]
) -> None:
    await cache.delete(PASSED)
    model, rates = FakeRateCounter(clock), RedisRateCounter(cache)
    passed: list[datetime] = []

    for seconds_later, cost in asked:
        clock.advance(seconds=seconds_later)
        if seconds_later:
            await pass_time(cache, seconds=seconds_later)
        wanted = await model.admit("asha", limit=limit, window_seconds=60, cost=cost)
        found = await rates.admit("asha", limit=limit, window_seconds=60, cost=cost)

        assert found.is_admitted == wanted.is_admitted
        assert found.retry_after_seconds == wanted.retry_after_seconds
        within = sum(clock() - at < timedelta(seconds=60) for at in passed)
        assert found.is_admitted is (within < limit)
        passed += [clock()] * cost if found.is_admitted else []


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
