"""LiveTasks over the cache cluster: one hash, in which each task has a field with its report and when that ends."""

from __future__ import annotations

from typing import cast

import msgspec
from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of
from shared.ports.live_tasks import LIFE_SECONDS, LiveTask

_KEY = key_of("tasks", "live")
# By the server's clock, so that tasks need not agree on the time.
_REPORT = """
local time = redis.call('TIME')
local dies_at_ms = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3]
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', dies_at_ms) .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
"""
_ALL = """
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local reports = {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
    local dies_at_ms, report = string.match(fields[i + 1], '^(%d+) (.*)$')
    if tonumber(dies_at_ms) > now_ms then
        reports[#reports + 1] = report
    else
        redis.call('HDEL', KEYS[1], fields[i])
    end
end
return reports
"""


class RedisLiveTasks:
    """Implements `LiveTasks`."""

    def __init__(self, client: RedisCluster, *, life_seconds: float = LIFE_SECONDS) -> None:
        self._client = client
        self._life_ms = str(int(life_seconds * 1000))

    async def report(self, task: LiveTask) -> None:
        """See `LiveTasks.report`."""
        async with cache_operation():
            report = msgspec.json.encode(task).decode()
            await self._client.eval(_REPORT, 1, _KEY, task.task_id, report, self._life_ms)

    async def leave(self, task_id: str) -> None:
        """See `LiveTasks.leave`."""
        async with cache_operation():
            await self._client.hdel(_KEY, task_id)

    async def all(self) -> tuple[LiveTask, ...]:
        """See `LiveTasks.all`."""
        async with cache_operation():
            reports = cast("list[bytes]", await self._client.eval(_ALL, 1, _KEY))
        found = (msgspec.json.decode(report, type=LiveTask) for report in reports)
        return tuple(sorted(found, key=lambda task: task.task_id))
