"""UserCaches over the cache cluster: keys that are named after the user, and the user's entries among the updates."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.adapters.redis.keys import key_of
from shared.adapters.redis.updates import UPDATES_STREAM, key_of_entry
from shared.domain.call import VOICE_CHANNEL
from shared.domain.conversation import ConversationKey
from shared.domain.erasure import Counts

_ENTRIES_AT_ONCE = 500
# Counters carry the length of their window behind the braces; whatever is counted by user has this one.
_WINDOW_SECONDS = 60
_RECOVERY_WINDOW_SECONDS = 300


class RedisUserCaches:
    """Implements `UserCaches`. Tokens and tickets are found by nobody but who holds them; they live for a minute."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client

    async def erase(self, keys: Sequence[ConversationKey], call_sids: Sequence[str], *, is_dry_run: bool) -> Counts:
        """See `UserCaches.erase`."""
        counts: Counts = Counter()
        names = {name for key in keys for name in _names(key)} | {_recoveries(call_sid) for call_sid in call_sids}
        for name in sorted(names):
            async with cache_operation():
                # One by one: the keys of different identities may lie on different shards.
                counts["keys"] += await (self._client.exists(name) if is_dry_run else self._client.delete(name))
        async for entries in self._updates({*keys}):
            counts["updates"] += len(entries)
            if not is_dry_run:
                async with cache_operation():
                    await self._client.xdel(UPDATES_STREAM, *entries)
        return counts

    async def _updates(self, keys: set[ConversationKey]) -> AsyncIterator[list[bytes]]:
        start = "-"
        while True:
            async with cache_operation():
                # The library's types name every form an answer can have in any protocol; ours has this one.
                page: Any = await self._client.xrange(UPDATES_STREAM, min=start, count=_ENTRIES_AT_ONCE)
            own = [entry_id for entry_id, fields in page if key_of_entry(fields) in keys]
            if own:
                yield own
            if len(page) < _ENTRIES_AT_ONCE:
                return
            start = f"({page[-1][0].decode()}"


def _recoveries(call_sid: str) -> str:
    return f"{key_of('rate', f'recover:{call_sid}')}:{_RECOVERY_WINDOW_SECONDS}"


def _names(key: ConversationKey) -> Iterator[str]:
    yield key_of("ctx", str(key))
    yield key_of("agent", str(key))
    subjects = [str(key)]
    if key.channel == VOICE_CHANNEL:
        yield key_of("slots", key.user_id)
        yield key_of("slot-holders", key.user_id)
        subjects.append(f"outbound-call:{key.user_id}")
    for subject in subjects:
        yield f"{key_of('passed', subject)}:{_WINDOW_SECONDS}"
