"""RateCounter, Blocklist and ConnectionCounter over the cache cluster; every count is one atomic script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of
from shared.domain.quota import RateWindow
from shared.ports.counters import FailedSource, Slot

# The window begins with its first request and ends with its key.
_HIT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
local left_ms = redis.call('PTTL', KEYS[1])
if left_ms < 0 then
    left_ms = tonumber(ARGV[2])
    redis.call('PEXPIRE', KEYS[1], left_ms)
end
return {count, left_ms}
"""

# A source's key ends with its window, or with its block once there is one.
_FAIL = """
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local left_ms = redis.call('PTTL', KEYS[1])
if left_ms < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if redis.call('HEXISTS', KEYS[1], 'blocked') == 1 then
    return {failures, left_ms}
end
if failures >= tonumber(ARGV[1]) then
    redis.call('HSET', KEYS[1], 'blocked', 1)
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return {failures, 0}
"""

# Members are slots, scores the millisecond at which they free themselves, by the server's clock.
# Who holds a slot lies in a hash beside them.
_TAKE = """
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms)) do
    redis.call('HDEL', KEYS[2], dead)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now_ms)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
    return 0
end
redis.call('ZADD', KEYS[1], now_ms + tonumber(ARGV[3]), ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
for _, key in ipairs(KEYS) do
    redis.call('PEXPIREAT', key, string.format('%.0f', tonumber(last[2])))
end
return 1
"""

# Who holds a slot stays as it is. The slot's key must outlive all that are held.
_RENEW = """
local time = redis.call('TIME')
local dies_at_ms = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2])
redis.call('ZADD', KEYS[1], 'GT', dies_at_ms, ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
for _, key in ipairs(KEYS) do
    redis.call('PEXPIREAT', key, string.format('%.0f', tonumber(last[2])))
end
"""

_RELEASE = """
local holder = redis.call('HGET', KEYS[2], ARGV[1])
if ARGV[2] ~= '' and holder and holder ~= ARGV[2] then
    return 0
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
"""

_HOLDS = """
local dies_at_ms = redis.call('ZSCORE', KEYS[1], ARGV[1])
local time = redis.call('TIME')
return dies_at_ms and tonumber(dies_at_ms) > time[1] * 1000 + math.floor(time[2] / 1000) and 1 or 0
"""


class RedisRateCounter:
    """Implements `RateCounter`."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client

    async def hit(self, subject: str, *, window_seconds: int, cost: int = 1) -> RateWindow:
        """See `RateCounter.hit`."""
        return await _hit(self._client, f"{key_of('rate', subject)}:{window_seconds}", window_seconds, cost)


class RedisBlocklist:
    """Implements `Blocklist`."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client

    async def record_failure(
        self, source: str, *, failures_before_block: int, window_seconds: int, block_seconds: int
    ) -> FailedSource:
        """See `Blocklist.record_failure`."""
        limits = (failures_before_block, window_seconds * 1000, block_seconds * 1000)
        async with cache_operation():
            reply = await self._client.eval(_FAIL, 1, key_of("source", source), *map(str, limits))
        failures, left_ms = cast("list[int]", reply)
        return FailedSource(failures, _whole_seconds(left_ms))

    async def forgive(self, source: str) -> None:
        """See `Blocklist.forgive`."""
        async with cache_operation():
            await self._client.delete(key_of("source", source))


class RedisConnectionCounter:
    """Implements `ConnectionCounter`."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client

    async def take(self, subject: str, slot: str, *, limit: int, ttl_seconds: int, holder: str = "") -> bool:
        """See `ConnectionCounter.take`."""
        async with cache_operation():
            taken = await self._client.eval(
                _TAKE, 2, *_slot_keys(subject), slot, str(limit), str(ttl_seconds * 1000), holder
            )
        return bool(taken)

    async def renew(self, slots: Sequence[Slot], *, ttl_seconds: int) -> None:
        """See `ConnectionCounter.renew`; one trip to each shard."""
        if not slots:
            return
        async with cache_operation():
            pipeline = self._client.pipeline()
            for slot in slots:
                pipeline.eval(_RENEW, 2, *_slot_keys(slot.subject), slot.name, str(ttl_seconds * 1000))
            await pipeline.execute()

    async def release(self, subject: str, slot: str, *, holder: str = "") -> bool:
        """See `ConnectionCounter.release`."""
        async with cache_operation():
            return bool(await self._client.eval(_RELEASE, 2, *_slot_keys(subject), slot, holder))

    async def holds(self, subject: str, slot: str) -> bool:
        """See `ConnectionCounter.holds`."""
        async with cache_operation():
            return bool(await self._client.eval(_HOLDS, 1, key_of("slots", subject), slot))


def _slot_keys(subject: str) -> tuple[str, str]:
    return key_of("slots", subject), key_of("slot-holders", subject)


async def _hit(client: RedisCluster, key: str, window_seconds: int, cost: int) -> RateWindow:
    async with cache_operation():
        reply = await client.eval(_HIT, 1, key, str(cost), str(window_seconds * 1000))
    count, left_ms = cast("list[int]", reply)
    return RateWindow(count=count, resets_in_seconds=_whole_seconds(left_ms))


def _whole_seconds(left_ms: int) -> int:
    """Rounded up; 0 for a key that is gone (its time to live is negative)."""
    return max(0, -(-left_ms // 1000))
