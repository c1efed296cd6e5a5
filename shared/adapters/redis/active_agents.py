"""ActiveAgentStore over the cache cluster; a change is one atomic script."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of
from shared.domain.agent import ActiveAgent
from shared.domain.conversation import ConversationKey

DEFAULT_TTL_SECONDS = 1800
_decoder = msgspec.json.Decoder(ActiveAgent)
# What cannot be read is as good as nothing, as it is to who loads it.
_COMPARE_AND_SET = """
local version = 0
local kept = redis.call('GET', KEYS[1])
if kept then
    local is_json, value = pcall(cjson.decode, kept)
    if is_json and type(value) == 'table' then
        version = tonumber(value.version) or 0
    end
end
if version ~= tonumber(ARGV[1]) then
    return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""


class RedisActiveAgentStore:
    """Implements `ActiveAgentStore`."""

    def __init__(self, client: RedisCluster, *, ttl_seconds: int = DEFAULT_TTL_SECONDS) -> None:
        self._client = client
        self._ttl_seconds = ttl_seconds

    async def load(self, key: ConversationKey) -> ActiveAgent | None:
        """See `ActiveAgentStore.load`; each look prolongs its life."""
        async with cache_operation():
            value = await self._client.getex(key_of("agent", str(key)), ex=self._ttl_seconds)
        return _read(value)

    async def save(self, key: ConversationKey, agent: ActiveAgent, *, read_version: int) -> bool:
        """See `ActiveAgentStore.save`."""
        value = msgspec.json.encode(replace(agent, version=read_version + 1))
        async with cache_operation():
            won = await self._client.eval(
                _COMPARE_AND_SET, 1, key_of("agent", str(key)), str(read_version), value, str(self._ttl_seconds)
            )
        return bool(won)


class WatchedActiveAgents(RedisActiveAgentStore):
    """The same for whoever only looks on: nothing lives longer for it."""

    async def load(self, key: ConversationKey) -> ActiveAgent | None:
        """See `ActiveAgentStore.load`; the look leaves everything as it is."""
        async with cache_operation():
            value = await self._client.get(key_of("agent", str(key)))
        return _read(value)


def _read(value: bytes | str | None) -> ActiveAgent | None:
    if value is None:
        return None
    try:
        return _decoder.decode(value)
    except msgspec.DecodeError:
        return None
