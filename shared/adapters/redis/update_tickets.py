"""UpdateTickets over the cache cluster."""

from __future__ import annotations

import re
import secrets
from typing import Any

from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of

_TICKET_BYTES = 32
# The client asks again when an answer is late. Who has just been let in is remembered for as long as it may do that.
_REDEEM = """
local subject = redis.call('GET', KEYS[1])
if subject then
    redis.call('DEL', KEYS[1])
    redis.call('SET', KEYS[2], ARGV[1] .. subject, 'PX', 5000)
    return subject
end
local visit = redis.call('GET', KEYS[2])
if visit and string.sub(visit, 1, #ARGV[1]) == ARGV[1] then
    return string.sub(visit, #ARGV[1] + 1)
end
return false
"""
_TICKET = re.compile(r"[A-Za-z0-9_-]{43}")


class RedisUpdateTickets:
    """Implements `UpdateTickets`; tickets hold 256 random bits."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client

    async def mint(self, subject: str, *, ttl_seconds: int) -> str:
        """See `UpdateTickets.mint`."""
        ticket = secrets.token_urlsafe(_TICKET_BYTES)
        async with cache_operation():
            await self._client.set(key_of("updates", ticket), subject.encode(), ex=ttl_seconds)
        return ticket

    async def redeem(self, ticket: str) -> str | None:
        """See `UpdateTickets.redeem`."""
        if not _TICKET.fullmatch(ticket):
            return None
        keys = (key_of("updates", ticket), key_of("updates-visit", ticket))
        async with cache_operation():
            # One script, so that of two who come with the same ticket only one is let in.
            value: Any = await self._client.eval(_REDEEM, 2, *keys, secrets.token_hex(8))
        return None if value is None else str(value, "utf-8")
