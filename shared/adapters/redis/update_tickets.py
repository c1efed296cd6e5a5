"""UpdateTickets over the cache cluster."""

from __future__ import annotations

import re
import secrets

from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of

_TICKET_BYTES = 32
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
        async with cache_operation():
            # One command, so that of two who come with the same ticket only one is let in.
            value = await self._client.getdel(key_of("updates", ticket))
        return value.decode() if isinstance(value, bytes) else value
