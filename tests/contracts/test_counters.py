"""What every RateCounter, Blocklist and ConnectionCounter promises."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.adapters.redis.counters import RedisBlocklist, RedisConnectionCounter, RedisRateCounter
from shared.ports.counters import Blocklist, ConnectionCounter, FailedSource, RateCounter, Slot
from tests.contracts.conftest import REAL
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeBlocklist, FakeConnectionCounter, FakeRateCounter

ADDRESS = "2001:db8::1"


async def fail(blocklist: Blocklist, source: str = ADDRESS) -> FailedSource:
    return await blocklist.record_failure(source, failures_before_block=3, window_seconds=300, block_seconds=900)


@pytest.fixture(params=["fake", REAL])
def rates(request: pytest.FixtureRequest, clock: Any) -> RateCounter:
    if request.param == "fake":
        return FakeRateCounter(clock)
    return RedisRateCounter(request.getfixturevalue("cache"))


@pytest.fixture(params=["fake", REAL])
def blocklist(request: pytest.FixtureRequest, clock: Any) -> Blocklist:
    if request.param == "fake":
        return FakeBlocklist(clock)
    return RedisBlocklist(request.getfixturevalue("cache"))


@pytest.fixture(params=["fake", REAL])
def slots(request: pytest.FixtureRequest, clock: Any) -> ConnectionCounter:
    if request.param == "fake":
        return FakeConnectionCounter(clock)
    return RedisConnectionCounter(request.getfixturevalue("cache"))


@pytest.mark.requirement("6.4")
@pytest.mark.requirement("12.1")
async def test_of_many_requests_at_once_exactly_the_limit_passes(rates: RateCounter) -> None:
    await rates.admit("somebody else", limit=30, window_seconds=60)
    found = await asyncio.gather(*(rates.admit("asha", limit=30, window_seconds=60) for _ in range(50)))

    passed = [admission for admission in found if admission.is_admitted]
    refused = [admission for admission in found if not admission.is_admitted]
    assert sorted(admission.count for admission in passed) == list(range(1, 31))
    assert sorted(admission.count for admission in refused) == list(range(31, 51))
    assert {admission.retry_after_seconds for admission in passed} == {0}
    assert all(55 <= admission.retry_after_seconds <= 60 for admission in refused)


async def test_what_comes_together_passes_together_if_its_first_is_within_the_limit(rates: RateCounter) -> None:
    together = await rates.admit("asha", limit=3, window_seconds=60, cost=5)
    after = await rates.admit("asha", limit=3, window_seconds=60)

    assert (together.is_admitted, together.count) == (True, 5)
    assert not after.is_admitted


async def test_admissions_of_subjects_and_windows_are_counted_apart(rates: RateCounter) -> None:
    await rates.admit("asha", limit=1, window_seconds=60)

    assert (await rates.admit("ravi", limit=1, window_seconds=60)).is_admitted
    assert (await rates.admit("asha", limit=1, window_seconds=3600)).is_admitted
    assert (await rates.hit("asha", window_seconds=60)).count == 1


async def test_requests_in_a_fixed_window_are_counted_exactly(rates: RateCounter) -> None:
    windows = await asyncio.gather(*(rates.hit("asha", window_seconds=60) for _ in range(100)))

    assert sorted(window.count for window in windows) == list(range(1, 101))
    assert all(0 < window.resets_in_seconds <= 60 for window in windows)


async def test_a_request_may_cost_more(rates: RateCounter) -> None:
    await rates.hit("asha", window_seconds=60)

    assert (await rates.hit("asha", window_seconds=60, cost=5)).count == 6


async def test_subjects_and_windows_are_counted_apart(rates: RateCounter) -> None:
    await rates.hit("asha", window_seconds=60)

    assert (await rates.hit("ravi", window_seconds=60)).count == 1
    assert (await rates.hit("asha", window_seconds=3600)).count == 1


@pytest.mark.requirement("6.5")
async def test_a_source_is_shut_out_from_the_threshold_on_and_no_longer_for_trying(
    blocklist: Blocklist, clock: FrozenClock
) -> None:
    found = [await fail(blocklist) for _ in range(3)]
    clock.advance(seconds=10)
    later = await fail(blocklist)

    assert found == [FailedSource(1, 0), FailedSource(2, 0), FailedSource(3, 0)]
    assert later.failures == 4
    assert 880 <= later.blocked_seconds <= 900
    assert await fail(blocklist, "2001:db8::2") == FailedSource(1, 0)


@pytest.mark.requirement("6.5")
async def test_of_many_failures_at_once_exactly_the_threshold_finds_no_block(blocklist: Blocklist) -> None:
    found = await asyncio.gather(*(fail(blocklist) for _ in range(50)))

    assert sorted(standing.failures for standing in found) == list(range(1, 51))
    assert sum(standing.blocked_seconds == 0 for standing in found) == 3


async def test_who_proved_its_identity_is_forgiven(blocklist: Blocklist) -> None:
    for _ in range(4):
        await fail(blocklist)

    await blocklist.forgive(ADDRESS)

    assert await fail(blocklist) == FailedSource(1, 0)


@pytest.mark.requirement("12.3")
async def test_no_more_than_the_limit_get_a_slot(slots: ConnectionCounter) -> None:
    taken = await asyncio.gather(
        *(slots.take("asha", f"socket-{number}", limit=3, ttl_seconds=60) for number in range(10))
    )

    assert sum(taken) == 3
    assert await slots.take("ravi", "socket-0", limit=3, ttl_seconds=60)


async def test_a_holder_keeps_its_slot_when_it_asks_again(slots: ConnectionCounter) -> None:
    for number in range(3):
        await slots.take("asha", f"socket-{number}", limit=3, ttl_seconds=60)

    assert await slots.take("asha", "socket-1", limit=3, ttl_seconds=60)
    assert not await slots.take("asha", "socket-9", limit=3, ttl_seconds=60)


async def test_a_slot_given_back_can_be_taken(slots: ConnectionCounter) -> None:
    for number in range(3):
        await slots.take("asha", f"socket-{number}", limit=3, ttl_seconds=60)

    await slots.release("asha", "socket-1")
    await slots.release("asha", "never-held")

    assert await slots.take("asha", "socket-9", limit=3, ttl_seconds=60)
    assert not await slots.take("asha", "socket-1", limit=3, ttl_seconds=60)


async def test_a_slot_whose_holder_died_frees_itself(slots: ConnectionCounter) -> None:
    await slots.take("asha", "dead", limit=1, ttl_seconds=0)

    assert await slots.take("asha", "alive", limit=1, ttl_seconds=60)


async def test_a_slot_is_held_until_it_is_given_back_or_runs_out(slots: ConnectionCounter) -> None:
    await slots.take("asha", "live", limit=3, ttl_seconds=60)
    await slots.take("asha", "over", limit=3, ttl_seconds=60)
    await slots.take("asha", "dead", limit=3, ttl_seconds=0)
    await slots.release("asha", "over")

    held = [await slots.holds("asha", slot) for slot in ("live", "over", "dead", "unknown")]

    assert held == [True, False, False, False]


async def test_a_slot_that_passed_to_another_holder_is_not_given_back_by_the_one_before(
    slots: ConnectionCounter,
) -> None:
    await slots.take("asha", "call", limit=3, ttl_seconds=60, holder="first")
    await slots.take("asha", "call", limit=3, ttl_seconds=60, holder="second")

    assert not await slots.release("asha", "call", holder="first")
    assert await slots.holds("asha", "call")
    assert await slots.release("asha", "call", holder="second")
    assert not await slots.holds("asha", "call")


async def test_a_slot_is_given_back_for_whoever_holds_it(slots: ConnectionCounter) -> None:
    await slots.take("asha", "call", limit=3, ttl_seconds=60, holder="first")

    assert await slots.release("asha", "call")
    assert not await slots.holds("asha", "call")


async def test_a_slot_that_nobody_holds_any_more_is_nobody_elses(slots: ConnectionCounter) -> None:
    await slots.take("asha", "call", limit=3, ttl_seconds=60, holder="first")
    await slots.release("asha", "call")

    assert await slots.release("asha", "call", holder="first")
    assert await slots.release("asha", "never", holder="first")


async def test_a_holder_that_died_leaves_no_trace(slots: ConnectionCounter) -> None:
    await slots.take("asha", "call", limit=3, ttl_seconds=0, holder="dead")
    await slots.take("asha", "other", limit=3, ttl_seconds=60, holder="alive")

    assert await slots.release("asha", "call", holder="late")


async def test_renewed_slots_of_many_subjects_are_held_on_and_those_that_ran_out_are_taken_again(
    slots: ConnectionCounter,
) -> None:
    await slots.take("asha", "live", limit=1, ttl_seconds=60)
    await slots.take("ravi", "ran-out", limit=1, ttl_seconds=0)

    await slots.renew([Slot("asha", "live"), Slot("ravi", "ran-out"), Slot("mina", "new")], ttl_seconds=60)

    assert [await slots.take(user, "another", limit=1, ttl_seconds=60) for user in ("asha", "ravi", "mina")] == [
        False
    ] * 3


async def test_renewing_nothing_is_fine(slots: ConnectionCounter) -> None:
    await slots.renew([], ttl_seconds=60)
