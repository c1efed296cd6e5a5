"""ContextStore over the cache cluster."""

from __future__ import annotations

import msgspec
from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of
from shared.domain.conversation import Conversation, ConversationKey

_VERSION = 1
DEFAULT_TTL_SECONDS = 1800


class _Kept(msgspec.Struct, frozen=True):
    version: int
    conversation: Conversation


_decoder = msgspec.json.Decoder(_Kept)


class RedisContextStore:
    """Implements `ContextStore`; a value that another version wrote is treated as forgotten."""

    def __init__(self, client: RedisCluster, *, ttl_seconds: int = DEFAULT_TTL_SECONDS) -> None:
        self._client = client
        self._ttl_seconds = ttl_seconds

    async def load(self, key: ConversationKey) -> Conversation | None:
        """See `ContextStore.load`."""
        async with cache_operation():
            value = await self._client.getex(_key(key), ex=self._ttl_seconds)
        if value is None:
            return None
        try:
            kept = _decoder.decode(value)
        except msgspec.DecodeError:
            return None
        return kept.conversation if kept.version == _VERSION else None

    async def save(self, conversation: Conversation) -> None:
        """See `ContextStore.save`."""
        value = msgspec.json.encode(_Kept(version=_VERSION, conversation=conversation))
        async with cache_operation():
            await self._client.set(_key(conversation.key), value, ex=self._ttl_seconds)

    async def forget(self, key: ConversationKey) -> None:
        """See `ContextStore.forget`."""
        async with cache_operation():
            await self._client.delete(_key(key))


def _key(key: ConversationKey) -> str:
    return key_of("ctx", str(key))
