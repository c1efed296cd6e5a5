"""Who gets a place at the pool, who waits, and who is sent away."""

from __future__ import annotations

import asyncio
import random
import threading

import pytest

from shared.adapters.postgres.turnstile import RETRY_AFTER_SECONDS, PoolUse, Turnstile
from shared.errors import StoreUnavailable
from shared.http_contract import HTTPResponse


async def queued(turnstile: Turnstile) -> asyncio.Task[None]:
    """Somebody who waits for a place."""
    waiting = asyncio.create_task(turnstile.enter())
    await asyncio.sleep(0)
    assert not waiting.done()
    return waiting


async def a_turnstile_whose_place_is_taken(*, longest_wait_seconds: float = 60) -> Turnstile:
    turnstile = Turnstile(1, most_waiting=3, longest_wait_seconds=longest_wait_seconds)
    await turnstile.enter()
    return turnstile


async def test_places_go_to_whoever_waits_longest() -> None:
    turnstile = await a_turnstile_whose_place_is_taken()
    first, second = await queued(turnstile), await queued(turnstile)

    turnstile.leave()
    await first

    assert not second.done()
    turnstile.leave()
    await second


@pytest.mark.requirement("10.6")
async def test_more_than_may_wait_are_sent_away_at_once_and_told_when_to_come_back() -> None:
    turnstile = await a_turnstile_whose_place_is_taken()
    waiting = [await queued(turnstile) for _ in range(3)]

    with pytest.raises(StoreUnavailable) as refused:
        await turnstile.enter()

    answer = HTTPResponse.failure(refused.value, request_id="r-1")
    assert (answer.status, answer.headers) == (503, {"retry-after": str(RETRY_AFTER_SECONDS)})
    for one in waiting:
        one.cancel()


@pytest.mark.requirement("10.6")
async def test_nobody_waits_longer_than_the_limit() -> None:
    turnstile = await a_turnstile_whose_place_is_taken(longest_wait_seconds=0.01)

    with pytest.raises(StoreUnavailable) as refused:
        await turnstile.enter()

    assert refused.value.retry_after_seconds == RETRY_AFTER_SECONDS
    assert turnstile.use_since_last_look() == PoolUse(in_use=1, waiting=1)
    assert turnstile.use_since_last_look() == PoolUse(in_use=1, waiting=0)


async def test_whoever_stops_waiting_makes_room_for_another() -> None:
    turnstile = await a_turnstile_whose_place_is_taken()
    first, *_ = [await queued(turnstile) for _ in range(3)]

    first.cancel()
    await asyncio.wait({first})

    await queued(turnstile)


async def test_a_place_that_comes_to_somebody_who_has_just_left_goes_on_to_the_next() -> None:
    turnstile = await a_turnstile_whose_place_is_taken()
    first, second = await queued(turnstile), await queued(turnstile)

    turnstile.leave()
    first.cancel()
    await asyncio.wait({first, second}, timeout=10)

    assert (first.cancelled(), second.done()) == (True, True)


async def test_a_place_that_was_given_to_somebody_who_is_then_cancelled_is_not_lost() -> None:
    turnstile = await a_turnstile_whose_place_is_taken()
    first = await queued(turnstile)
    turnstile.leave()
    await asyncio.sleep(0)  # It is theirs, and they do not know it yet.

    first.cancel()
    await asyncio.wait({first})

    async with asyncio.timeout(10):
        await turnstile.enter()


def test_those_who_waited_on_a_loop_that_is_gone_are_passed_over() -> None:
    turnstile = Turnstile(1)

    async def take_and_go() -> None:
        await turnstile.enter()
        waiting = asyncio.get_running_loop().create_task(turnstile.enter())
        await asyncio.sleep(0)
        # As after a crash of the loop: nothing is cancelled, nothing cleans up.
        kept.append(waiting)

    kept: list[asyncio.Task[None]] = []
    loop = asyncio.new_event_loop()
    loop.run_until_complete(take_and_go())
    loop.close()

    turnstile.leave()

    asyncio.run(asyncio.wait_for(turnstile.enter(), timeout=10))
    kept[0]._log_destroy_pending = False  # type: ignore[attr-defined] # the loop is gone on purpose


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_happens_no_more_are_in_than_there_are_places_and_none_is_lost(seed: int) -> None:
    chance = random.Random(seed)
    turnstile = Turnstile(3, most_waiting=10, longest_wait_seconds=0.01)
    inside, most_inside = [0], [0]
    lock = threading.Lock()

    def work() -> None:
        with lock:
            inside[0] -= 1
        turnstile.leave()

    async def visit() -> None:
        try:
            await turnstile.enter()
        except StoreUnavailable:
            return
        with lock:
            inside[0] += 1
            most_inside[0] = max(most_inside[0], inside[0])
        # The place is left by another thread, as the pool's threads do.
        await asyncio.to_thread(work)

    visits = [asyncio.create_task(visit()) for _ in range(200)]
    for one in chance.sample(visits, 80):
        await asyncio.sleep(0)
        if not one.done() and chance.random() < 0.5:
            asyncio.get_running_loop().call_soon(one.cancel)
    await asyncio.wait(visits)

    assert 1 <= most_inside[0] <= 3
