"""What every RequestKeys promises."""

from __future__ import annotations

import asyncio

import pytest

from shared.adapters.redis.request_keys import RedisRequestKeys
from shared.errors import AlreadyClaimed
from shared.ports.request_keys import RequestKeys
from tests.contracts.conftest import REAL
from tests.fakes.clock import FrozenClock
from tests.fakes.request_keys import FakeRequestKeys


@pytest.fixture(params=["fake", REAL])
def keys(request: pytest.FixtureRequest, clock: FrozenClock) -> RequestKeys:
    if request.param == "fake":
        return FakeRequestKeys(clock)
    return RedisRequestKeys(request.getfixturevalue("cache"))


async def test_one_of_many_gets_a_new_key(keys: RequestKeys) -> None:
    outcomes = await asyncio.gather(*(keys.begin("key-1", ttl_seconds=60) for _ in range(5)), return_exceptions=True)

    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, AlreadyClaimed) for outcome in outcomes) == 4


async def test_the_result_is_told_to_whoever_asks_again(keys: RequestKeys) -> None:
    await keys.begin("key-1", ttl_seconds=60)
    await keys.finish("key-1", "CA0001", ttl_seconds=60)

    assert await keys.begin("key-1", ttl_seconds=60) == "CA0001"


async def test_a_forgotten_key_is_new_again(keys: RequestKeys) -> None:
    await keys.begin("key-1", ttl_seconds=60)
    await keys.forget("key-1")

    assert await keys.begin("key-1", ttl_seconds=60) is None


async def test_keys_are_told_apart(keys: RequestKeys) -> None:
    await keys.begin("key-1", ttl_seconds=60)

    assert await keys.begin("key-2", ttl_seconds=60) is None
