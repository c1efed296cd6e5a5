"""Values that are given out once: to whoever comes first, however often that one has to ask."""

from __future__ import annotations

import secrets
from typing import Any

from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of

# The client asks again when an answer is late or lost. Who has just been let in is remembered for as long as it may
# do that; nobody else knows the name of that visit, so everybody else comes too late.
_REDEEM = """
local value = redis.call('GET', KEYS[1])
if value then
    redis.call('DEL', KEYS[1])
    redis.call('SET', KEYS[2], ARGV[1] .. value, 'PX', 5000)
    return value
end
local visit = redis.call('GET', KEYS[2])
if visit and string.sub(visit, 1, #ARGV[1]) == ARGV[1] then
    return string.sub(visit, #ARGV[1] + 1)
end
return false
"""
_TOKEN_BYTES = 32
_VISIT_BYTES = 8


class SingleUseValues:
    """Values of one kind, each under a token of 256 random bits."""

    def __init__(self, client: RedisCluster, *, kind: str) -> None:
        self._client = client
        self._kind = kind

    async def put(self, value: bytes, *, ttl_seconds: int) -> str:
        """Keep a value; its token, 43 characters that are safe in a path and in a query.

        Raises:
            StoreUnavailable: not kept.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        async with cache_operation():
            await self._client.set(key_of(self._kind, token), value, ex=ttl_seconds)
        return token

    async def take(self, token: str) -> bytes | None:
        """The token's value, the first time and in time; None ever after.

        Raises:
            StoreUnavailable: not known.
        """
        keys = (key_of(self._kind, token), key_of(f"{self._kind}-visit", token))
        async with cache_operation():
            # One script, so that of two who come with the same token only one is let in.
            value: Any = await self._client.eval(_REDEEM, 2, *keys, secrets.token_hex(_VISIT_BYTES))
        return None if value is None else bytes(value)
