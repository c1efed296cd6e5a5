"""Program of the test of many processes: takes and gives back slots of one user, and counts who else has one."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid

from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import connect_cluster, connect_to_every_shard
from shared.adapters.redis.counters import RedisConnectionCounter

AT_ONCE, ROUNDS, LIMIT = 8, 20, 3


async def visit(client: RedisCluster, slots: RedisConnectionCounter, subject: str, seen: list[int]) -> None:
    """Try to be let in, again and again; while inside, note how many are."""
    inside = f"inside:{{{subject}}}"
    for _ in range(ROUNDS):
        slot = uuid.uuid4().hex
        if await slots.take(subject, slot, limit=LIMIT, ttl_seconds=60):
            # Counted by another command between taking and giving back, so too few may be seen, never too many.
            seen.append(int(await client.incr(inside)))
            await client.decr(inside)
            await slots.release(subject, slot)


async def main(url: str, subject: str) -> None:
    """Race; write how many were inside each time that somebody was let in."""
    client = connect_cluster(url, socket_timeout_seconds=20)
    await connect_to_every_shard(client)
    seen: list[int] = []
    await asyncio.gather(*(visit(client, RedisConnectionCounter(client), subject, seen) for _ in range(AT_ONCE)))
    await client.aclose()
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
