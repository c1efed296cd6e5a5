"""Leaves a shard of the cache alone for a moment that gave no answer: what can do without it must not wait for it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from redis.asyncio.cluster import RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from shared.adapters.circuit import Circuit
from shared.adapters.redis.client import cache_operation, name_of_caller
from shared.errors import StoreUnavailable

# One may be a moment in which this process itself had no time.
_FAILURES = 2
_FIRST_PAUSE_SECONDS = 1.0
# A recovered shard is found again within so long.
_LONGEST_PAUSE_SECONDS = 8.0
_NOT_YET_KNOWN = "cluster"


class ShardCircuits:
    """One circuit for each node that holds slots, so that a lost shard takes no others with it."""

    def __init__(self, client: RedisCluster, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds and never goes back."""
        self._client = client
        self._clock = clock
        self._circuits: dict[str, Circuit] = {}

    def operation(self, key: str) -> AbstractAsyncContextManager[None]:
        """Measure and bound an operation on the key; while its shard is left alone, there is none.

        Raises:
            StoreUnavailable: it failed, took too long, or one before it did a moment ago.
        """
        return self._guarded(key, name_of_caller())

    @asynccontextmanager
    async def _guarded(self, key: str, name: str) -> AsyncGenerator[None, None]:
        circuit = self._of(key)
        if not circuit.admit(self._clock()):
            raise StoreUnavailable("The cache gave no answer a moment ago.")
        try:
            async with cache_operation(name=name):
                yield
        except StoreUnavailable:
            circuit.failed(self._clock())
            raise
        circuit.succeeded()

    def _of(self, key: str) -> Circuit:
        name = self._node_of(key)
        if name not in self._circuits:
            self._circuits[name] = Circuit(
                failures=_FAILURES,
                first_pause_seconds=_FIRST_PAUSE_SECONDS,
                longest_pause_seconds=_LONGEST_PAUSE_SECONDS,
            )
        return self._circuits[name]

    def _node_of(self, key: str) -> str:
        """Who has the key, as far as is known; before the first answer nobody is."""
        try:
            node = self._client.get_node_from_key(key)
        except (RedisError, RedisClusterException):
            return _NOT_YET_KNOWN
        return _NOT_YET_KNOWN if node is None else node.name
