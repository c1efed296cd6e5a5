"""Values that are given out once, on a real cluster that loses answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.adapters.redis.client import connect_cluster, connect_to_every_shard
from shared.adapters.redis.single_use import SingleUseValues
from shared.adapters.redis.tickets import RedisStreamTickets
from tests.samples import a_ticket

pytestmark = pytest.mark.integration


class AsksTwice:
    """A client whose first answer is lost on its way: its library asks once more."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache
        self.set = cache.set

    async def eval(self, *arguments: Any) -> Any:
        await self._cache.eval(*arguments)
        return await self._cache.eval(*arguments)


async def test_a_lost_answer_costs_nobody_their_value_and_it_is_used_up_all_the_same(cache: Any) -> None:
    values = SingleUseValues(AsksTwice(cache), kind="test")  # type: ignore[arg-type]  # no more of a client is needed
    token = await values.put(b"value", ttl_seconds=30)

    assert [await values.take(token), await values.take(token)] == [b"value", None]


@pytest.mark.requirement("2.1")
async def test_a_call_whose_token_was_asked_for_twice_comes_in(cache: Any) -> None:
    tickets = RedisStreamTickets(AsksTwice(cache))  # type: ignore[arg-type]  # as above
    token = await tickets.mint(a_ticket(), ttl_seconds=30)

    assert await tickets.redeem(token) == a_ticket()


async def test_of_many_who_come_at_once_over_several_connections_and_all_ask_twice_one_is_let_in(
    cache: Any, cache_url: str
) -> None:
    others = [connect_cluster(cache_url, socket_timeout_seconds=10) for _ in range(3)]
    for client in others:
        await connect_to_every_shard(client)
    doors = [SingleUseValues(AsksTwice(client), kind="test") for client in (cache, *others)]  # type: ignore[arg-type]
    token = await doors[0].put(b"value", ttl_seconds=30)

    taken = await asyncio.gather(*(door.take(token) for door in doors for _ in range(5)))

    assert (taken.count(b"value"), taken.count(None)) == (1, 19)
    for client in others:
        await client.aclose()


async def test_who_was_let_in_is_remembered_for_seconds_only(cache: Any) -> None:
    values = SingleUseValues(cache, kind="test")
    token = await values.put(b"value", ttl_seconds=30)

    await values.take(token)

    assert 0 < await cache.pttl(f"test-visit:{{{token}}}") <= 5000


async def test_values_of_different_kinds_are_not_mistaken_for_each_other(cache: Any) -> None:
    token = await SingleUseValues(cache, kind="one").put(b"value", ttl_seconds=30)

    assert await SingleUseValues(cache, kind="other").take(token) is None
