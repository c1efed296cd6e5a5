"""RequestKeys over the cache cluster."""

from __future__ import annotations

from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of
from shared.errors import AlreadyClaimed

_BEGUN = b""


class RedisRequestKeys:
    """Implements `RequestKeys`; an empty value stands for a request that was begun."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client

    async def begin(self, key: str, *, ttl_seconds: int) -> str | None:
        """See `RequestKeys.begin`."""
        async with cache_operation():
            # With `get`, the command tells what stood there before.
            before = await self._client.set(key_of("request", key), _BEGUN, ex=ttl_seconds, nx=True, get=True)
        if before is None:
            return None
        if not before:
            raise AlreadyClaimed("The same request was begun and is not known to have ended.")
        return before.decode() if isinstance(before, bytes) else str(before)

    async def finish(self, key: str, result: str, *, ttl_seconds: int) -> None:
        """See `RequestKeys.finish`."""
        async with cache_operation():
            await self._client.set(key_of("request", key), result.encode(), ex=ttl_seconds)

    async def forget(self, key: str) -> None:
        """See `RequestKeys.forget`."""
        async with cache_operation():
            await self._client.delete(key_of("request", key))
