"""ActiveAgentStore over the cache cluster."""

from __future__ import annotations

import msgspec
from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of
from shared.domain.agent import ActiveAgent
from shared.domain.conversation import ConversationKey

DEFAULT_TTL_SECONDS = 1800
_decoder = msgspec.json.Decoder(ActiveAgent)


class RedisActiveAgentStore:
    """Implements `ActiveAgentStore`."""

    def __init__(self, client: RedisCluster, *, ttl_seconds: int = DEFAULT_TTL_SECONDS) -> None:
        self._client = client
        self._ttl_seconds = ttl_seconds

    async def load(self, key: ConversationKey) -> ActiveAgent | None:
        """See `ActiveAgentStore.load`; each look prolongs its life."""
        async with cache_operation():
            value = await self._client.getex(key_of("agent", str(key)), ex=self._ttl_seconds)
        if value is None:
            return None
        try:
            return _decoder.decode(value)
        except msgspec.DecodeError:
            return None

    async def save(self, key: ConversationKey, agent: ActiveAgent) -> None:
        """See `ActiveAgentStore.save`."""
        async with cache_operation():
            await self._client.set(key_of("agent", str(key)), msgspec.json.encode(agent), ex=self._ttl_seconds)
