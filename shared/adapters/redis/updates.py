"""Live updates over one capped stream of the cache cluster: every process writes, every stream service reads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

import msgspec
from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.domain.conversation import ConversationKey
from shared.domain.event import EventType, PlatformEvent
from shared.errors import InvalidRequest, StoreUnavailable
from shared.observability import count, logger

_STREAM = "updates"
_FIELD = b"event"
# Five minutes of a busy platform. A stream that nobody writes to for five minutes disappears.
_LONGEST_STREAM = 50_000
_TTL_SECONDS = 300
_PUBLISH_TIMEOUT_SECONDS = 0.5
_WAITING_EVENTS = 200
_BLOCK_MS = 5000
_READ_AT_ONCE = 500
_RETRY_SECONDS = 0.5
_Encodable = bytes | bytearray | memoryview | str | int | float
_EVENT_ID = re.compile(r"\d{1,16}-\d{1,16}")

READ_TIMEOUT_SECONDS = _BLOCK_MS / 1000 + 5
"""`socket_timeout_seconds` of the client that subscribes: its reads wait for events."""


class _Entry(msgspec.Struct, frozen=True):
    type: EventType
    at: datetime
    conversation_id: str
    key: ConversationKey
    data: dict[str, Any]


_decoder = msgspec.json.Decoder(_Entry)


class RedisEventPublisher:
    """Implements `EventPublisher`. An event that cannot be told in half a second is dropped and counted."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client
        self._slots = asyncio.Semaphore(_WAITING_EVENTS)

    async def publish(self, event: PlatformEvent) -> None:
        """See `EventPublisher.publish`."""
        if self._slots.locked():
            count("updates_dropped")
            return
        async with self._slots:
            try:
                await self._add(event)
            except (StoreUnavailable, UnicodeEncodeError):
                count("updates_dropped")
                logger.warning("update_not_published", type=event.type.value)

    async def _add(self, event: PlatformEvent) -> None:
        entry: dict[_Encodable, _Encodable] = {_FIELD: msgspec.json.encode(event)}
        async with cache_operation(timeout_seconds=_PUBLISH_TIMEOUT_SECONDS):
            pipeline = self._client.pipeline()
            pipeline.xadd(_STREAM, entry, maxlen=_LONGEST_STREAM, approximate=True)
            pipeline.expire(_STREAM, _TTL_SECONDS)
            await pipeline.execute()


class RedisEventSubscription:
    """Reads what was published, from now on or from where one left off at most five minutes ago."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client

    async def events(self, *, since: str | None = None) -> AsyncGenerator[tuple[str, PlatformEvent], None]:
        """Yield each event with its id, for ever, in order; after an outage it goes on where it was.

        Raises:
            InvalidRequest: `since` is not an event id.
            StoreUnavailable: there was no answer to begin with.
        """
        if since is not None and not _EVENT_ID.fullmatch(since):
            raise InvalidRequest("`since` is not the id of an event.")
        last = await self._latest_id() if since is None else since
        while True:
            for event_id, fields in await self._read_after(last):
                last = event_id
                event = _read_event(fields)
                if event is not None:
                    yield event_id, event

    async def _latest_id(self) -> str:
        async with cache_operation():
            # The library's types name every form an answer can have in any protocol; ours has this one.
            latest: Any = await self._client.xrevrange(_STREAM, count=1)
        return str(latest[0][0], "ascii") if latest else "0-0"

    async def _read_after(self, last: str) -> list[tuple[str, dict[bytes, bytes]]]:
        try:
            async with cache_operation(timeout_seconds=READ_TIMEOUT_SECONDS):
                answer: Any = await self._client.xread({_STREAM: last}, count=_READ_AT_ONCE, block=_BLOCK_MS)
        except StoreUnavailable:
            logger.warning("updates_interrupted")
            await asyncio.sleep(_RETRY_SECONDS)
            return []
        entries = answer[0][1] if answer else []
        return [(str(event_id, "ascii"), fields) for event_id, fields in entries]


def _read_event(fields: dict[bytes, bytes]) -> PlatformEvent | None:
    try:
        entry = _decoder.decode(fields[_FIELD])
    except (KeyError, msgspec.DecodeError):
        return None
    return PlatformEvent(
        type=entry.type, at=entry.at, conversation_id=entry.conversation_id, key=entry.key, data=entry.data
    )
