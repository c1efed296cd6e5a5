"""Live updates over one capped stream of the cache cluster: every process writes, every stream service reads."""

from __future__ import annotations

import asyncio
import contextvars
import math
import re
import time
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from redis.asyncio.cluster import RedisCluster

from shared.adapters.redis.client import cache_operation
from shared.domain.conversation import ConversationKey
from shared.domain.event import EventType, PlatformEvent
from shared.errors import InvalidRequest, StoreUnavailable
from shared.observability import count, logger

UPDATES_STREAM = "updates"
_FIELD = b"event"
# Five minutes of a busy platform. A stream that nobody writes to for five minutes disappears, or a little later: its
# life is prolonged not with every event.
_LONGEST_STREAM = 50_000
_PROLONGED_EVERY_SECONDS = 30
_TTL_SECONDS = 300 + _PROLONGED_EVERY_SECONDS
_PUBLISH_TIMEOUT_SECONDS = 0.5
_WAITING_EVENTS = 200
_BLOCK_MS = 5000
_READ_AT_ONCE = 500
_RETRY_SECONDS = 0.5
_EVENT_ID = re.compile(r"\d{1,16}-\d{1,16}")

READ_TIMEOUT_SECONDS = _BLOCK_MS / 1000 + 5
"""`socket_timeout_seconds` of the client that subscribes: its reads wait for events."""


class _Entry(msgspec.Struct, frozen=True):
    type: EventType
    at: datetime
    conversation_id: str
    key: ConversationKey
    data: dict[str, Any]


class _Waiting(NamedTuple):
    entry: bytes
    is_dealt_with: asyncio.Future[None]


_decoder = msgspec.json.Decoder(_Entry)


class RedisEventPublisher:
    """Implements `EventPublisher`. An event that cannot be told in half a second is dropped and counted.

    One trip is under way at a time; what is published meanwhile goes with the next one, in order.
    """

    def __init__(self, client: RedisCluster, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._client = client
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._sending: asyncio.Task[None] | None = None
        self._prolonged_at = -math.inf

    async def publish(self, event: PlatformEvent) -> None:
        """See `EventPublisher.publish`; returns once the event was told or dropped."""
        if len(self._waiting) >= _WAITING_EVENTS:
            count("updates_dropped")
            return
        try:
            entry = msgspec.json.encode(event)
        except UnicodeEncodeError:
            count("updates_dropped")
            logger.warning("update_not_published", type=event.type.value)
            return
        waiting = _Waiting(entry, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._sending is None or self._sending.done():
            # With a context of its own: it tells the events of many calls.
            self._sending = asyncio.create_task(self._send_waiting(), context=contextvars.Context())
        await waiting.is_dealt_with

    async def _send_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._add([waiting.entry for waiting in batch])
            except StoreUnavailable:
                # Those that came meanwhile have waited for the same cluster.
                batch, self._waiting = batch + self._waiting, []
                count("updates_dropped", len(batch))
                logger.warning("updates_not_published", events=len(batch))
            finally:
                for waiting in batch:
                    if not waiting.is_dealt_with.done():
                        waiting.is_dealt_with.set_result(None)

    async def _add(self, entries: list[bytes]) -> None:
        now = self._clock()
        is_prolonged = now >= self._prolonged_at + _PROLONGED_EVERY_SECONDS
        async with cache_operation(timeout_seconds=_PUBLISH_TIMEOUT_SECONDS):
            pipeline = self._client.pipeline()
            for entry in entries:
                pipeline.xadd(UPDATES_STREAM, {_FIELD: entry}, maxlen=_LONGEST_STREAM, approximate=True)
            if is_prolonged:
                pipeline.expire(UPDATES_STREAM, _TTL_SECONDS)
            await pipeline.execute()
        if is_prolonged:
            self._prolonged_at = now


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
            latest: Any = await self._client.xrevrange(UPDATES_STREAM, count=1)
        return str(latest[0][0], "ascii") if latest else "0-0"

    async def _read_after(self, last: str) -> list[tuple[str, dict[bytes, bytes]]]:
        try:
            async with cache_operation(timeout_seconds=READ_TIMEOUT_SECONDS):
                answer: Any = await self._client.xread({UPDATES_STREAM: last}, count=_READ_AT_ONCE, block=_BLOCK_MS)
        except StoreUnavailable:
            logger.warning("updates_interrupted")
            await asyncio.sleep(_RETRY_SECONDS)
            return []
        entries = answer[0][1] if answer else []
        return [(str(event_id, "ascii"), fields) for event_id, fields in entries]


def key_of_entry(fields: dict[bytes, bytes]) -> ConversationKey | None:
    """Whose event it is; None for what is none."""
    event = _read_event(fields)
    return None if event is None else event.key


def _read_event(fields: dict[bytes, bytes]) -> PlatformEvent | None:
    try:
        entry = _decoder.decode(fields[_FIELD])
    except (KeyError, msgspec.DecodeError):
        return None
    return PlatformEvent(
        type=entry.type, at=entry.at, conversation_id=entry.conversation_id, key=entry.key, data=entry.data
    )
