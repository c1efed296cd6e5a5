"""RateCounter, Blocklist and ConnectionCounter over the cache cluster; every count is one atomic script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of
from shared.adapters.redis.shard_circuits import ShardCircuits
from shared.domain.quota import Admission, RateWindow
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

# One list, which moves to another shard in one piece. Its head: how many were refused until when; then, in order, when
# each request that passed stops counting. All in milliseconds of the server's clock; what a clock that was set back
# left behind is forgotten.
_ADMIT = """
local limit, window_ms, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local latest_ms = now_ms + window_ms

local head = redis.call('LPOP', KEYS[1]) or '0 0'
local refused, refused_until_ms = string.match(head, '(%d+) (%d+)')
refused, refused_until_ms = tonumber(refused), tonumber(refused_until_ms)
if refused_until_ms <= now_ms or refused_until_ms > latest_ms then
    refused, refused_until_ms = 0, latest_ms
end

if tonumber(redis.call('LINDEX', KEYS[1], -1) or 0) > latest_ms then
    redis.call('DEL', KEYS[1])
end
while tonumber(redis.call('LINDEX', KEYS[1], 0) or latest_ms) <= now_ms do
    redis.call('LPOP', KEYS[1])
end

local passed = redis.call('LLEN', KEYS[1])
local answer
if passed < limit then
    for _ = 1, math.min(cost, limit) do
        redis.call('RPUSH', KEYS[1], string.format('%.0f', latest_ms))
    end
    answer = {1, passed + cost, 0}
else
    refused = refused + cost
    answer = {0, passed + refused, tonumber(redis.call('LINDEX', KEYS[1], passed - limit)) - now_ms}
end
redis.call('LPUSH', KEYS[1], string.format('%.0f %.0f', refused, refused_until_ms))
redis.call('PEXPIRE', KEYS[1], window_ms)
return answer
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

    def __init__(self, client: RedisCluster, shards: ShardCircuits | None = None) -> None:
        self._client = client
        self._shards = shards or ShardCircuits(client)

    async def admit(self, subject: str, *, limit: int, window_seconds: int, cost: int = 1) -> Admission:
        """See `RateCounter.admit`."""
        key = f"{key_of('passed', subject)}:{window_seconds}"
        async with self._shards.operation(key):
            reply = await self._client.eval(_ADMIT, 1, key, str(limit), str(window_seconds * 1000), str(cost))
        is_admitted, count, wait_ms = cast("list[int]", reply)
        return Admission(is_admitted=bool(is_admitted), count=count, retry_after_seconds=_whole_seconds(wait_ms))

    async def hit(self, subject: str, *, window_seconds: int, cost: int = 1) -> RateWindow:
        """See `RateCounter.hit`."""
        key = f"{key_of('rate', subject)}:{window_seconds}"
        async with self._shards.operation(key):
            reply = await self._client.eval(_HIT, 1, key, str(cost), str(window_seconds * 1000))
        count, left_ms = cast("list[int]", reply)
        return RateWindow(count=count, resets_in_seconds=_whole_seconds(left_ms))


class RedisBlocklist:
    """Implements `Blocklist`."""

    def __init__(self, client: RedisCluster, shards: ShardCircuits | None = None) -> None:
        self._client = client
        self._shards = shards or ShardCircuits(client)

    async def record_failure(
        self, source: str, *, failures_before_block: int, window_seconds: int, block_seconds: int
    ) -> FailedSource:
        """See `Blocklist.record_failure`."""
        key = key_of("source", source)
        limits = (failures_before_block, window_seconds * 1000, block_seconds * 1000)
        async with self._shards.operation(key):
            reply = await self._client.eval(_FAIL, 1, key, *map(str, limits))
        failures, left_ms = cast("list[int]", reply)
        return FailedSource(failures, _whole_seconds(left_ms))

    async def forgive(self, source: str) -> None:
        """See `Blocklist.forgive`."""
        key = key_of("source", source)
        async with self._shards.operation(key):
            await self._client.delete(key)


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


def _whole_seconds(left_ms: int) -> int:
    """Rounded up; 0 for a key that is gone (its time to live is negative)."""
    return max(0, -(-left_ms // 1000))
