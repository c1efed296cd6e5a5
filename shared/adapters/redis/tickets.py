"""StreamTickets over the cache cluster."""

from __future__ import annotations

import re

import msgspec
from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.single_use import SingleUseValues
from shared.domain.call import StreamTicket

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_decoder = msgspec.json.Decoder(StreamTicket)


class RedisStreamTickets:
    """Implements `StreamTickets`."""

    def __init__(self, client: RedisCluster) -> None:
        self._values = SingleUseValues(client, kind="stream")

    async def mint(self, ticket: StreamTicket, *, ttl_seconds: int) -> str:
        """See `StreamTickets.mint`."""
        return await self._values.put(msgspec.json.encode(ticket), ttl_seconds=ttl_seconds)

    async def redeem(self, token: str) -> StreamTicket | None:
        """See `StreamTickets.redeem`."""
        if not _TOKEN.fullmatch(token):
            return None
        value = await self._values.take(token)
        try:
            return None if value is None else _decoder.decode(value)
        except msgspec.DecodeError:
            return None
