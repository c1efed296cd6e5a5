"""StreamTickets over the cache cluster."""

from __future__ import annotations

import re
import secrets

import msgspec
from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of
from shared.domain.call import StreamTicket

_TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_decoder = msgspec.json.Decoder(StreamTicket)


class RedisStreamTickets:
    """Implements `StreamTickets`; tokens hold 256 random bits."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client

    async def mint(self, ticket: StreamTicket, *, ttl_seconds: int) -> str:
        """See `StreamTickets.mint`."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        async with cache_operation():
            await self._client.set(key_of("stream", token), msgspec.json.encode(ticket), ex=ttl_seconds)
        return token

    async def redeem(self, token: str) -> StreamTicket | None:
        """See `StreamTickets.redeem`."""
        if not _TOKEN.fullmatch(token):
            return None
        async with cache_operation():
            # One command, so that of two who come with the same token only one is let in.
            value = await self._client.getdel(key_of("stream", token))
        try:
            return None if value is None else _decoder.decode(value)
        except msgspec.DecodeError:
            return None
