"""What a lost shard costs those who can do without it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import SlotNotCoveredError

from shared.adapters.redis.shard_circuits import ShardCircuits
from shared.errors import StoreUnavailable


class Cluster:
    """Two shards, of which some are lost; counts what reaches each."""

    def __init__(self) -> None:
        self.lost: set[str] = set()
        self.asked: list[str] = []
        self.is_known = True

    def get_node_from_key(self, key: str) -> Any:
        if not self.is_known:
            raise SlotNotCoveredError("nobody was asked yet")
        return SimpleNamespace(name=key.partition("-")[0])

    def answer(self, key: str) -> None:
        shard = key.partition("-")[0]
        self.asked.append(shard)
        if shard in self.lost:
            raise ConnectionError(shard)


class Bench:
    """Operations on the cluster, with a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.cluster = Cluster()
        self.circuits = ShardCircuits(cast("RedisCluster", self.cluster), lambda: self.now)

    async def ask(self, key: str) -> bool:
        """Whether there was an answer."""
        try:
            async with self.circuits.operation(key):
                self.cluster.answer(key)
        except StoreUnavailable:
            return False
        return True


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_after_two_failures_nobody_waits_for_the_shard_but_one_who_tries_it_now_and_then(bench: Bench) -> None:
    bench.cluster.lost = {"one"}

    answers = [await bench.ask("one-asha") for _ in range(50)]

    assert not any(answers)
    assert bench.cluster.asked == ["one"] * 2
    bench.now = 1.0
    assert [await bench.ask("one-ravi") for _ in range(50)] == [False] * 50
    assert bench.cluster.asked == ["one"] * 3


async def test_a_shard_that_came_back_is_found_within_seconds(bench: Bench) -> None:
    bench.cluster.lost = {"one"}
    for second in range(60):
        bench.now = float(second)
        await bench.ask("one-asha")
    bench.cluster.lost = set()

    bench.now += 8.0

    assert all([await bench.ask("one-ravi") for _ in range(10)])


async def test_a_lost_shard_takes_no_other_with_it(bench: Bench) -> None:
    bench.cluster.lost = {"one"}
    for _ in range(5):
        await bench.ask("one-asha")

    assert await bench.ask("two-ravi")


async def test_a_single_failure_is_no_loss(bench: Bench) -> None:
    bench.cluster.lost = {"one"}
    await bench.ask("one-asha")
    bench.cluster.lost = set()

    assert await bench.ask("one-asha")


async def test_before_the_cluster_is_known_its_loss_is_noticed_too(bench: Bench) -> None:
    bench.cluster.is_known, bench.cluster.lost = False, {"one"}

    for _ in range(10):
        await bench.ask("one-asha")

    assert len(bench.cluster.asked) == 2
