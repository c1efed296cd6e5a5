"""UpdateTickets over the cache cluster."""

from __future__ import annotations

import re

import msgspec
from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.single_use import SingleUseValues
from shared.domain.access import Caller

_TICKET = re.compile(r"[A-Za-z0-9_-]{43}")
_decoder = msgspec.json.Decoder(Caller)


class RedisUpdateTickets:
    """Implements `UpdateTickets`."""

    def __init__(self, client: RedisCluster) -> None:
        self._values = SingleUseValues(client, kind="updates")

    async def mint(self, caller: Caller, *, ttl_seconds: int) -> str:
        """See `UpdateTickets.mint`."""
        return await self._values.put(msgspec.json.encode(caller), ttl_seconds=ttl_seconds)

    async def redeem(self, ticket: str) -> Caller | None:
        """See `UpdateTickets.redeem`."""
        if not _TICKET.fullmatch(ticket):
            return None
        value = await self._values.take(ticket)
        try:
            return None if value is None else _decoder.decode(value)
        except msgspec.DecodeError:
            return None
