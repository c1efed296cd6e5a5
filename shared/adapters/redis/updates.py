"""Live updates over one capped stream of the cache cluster: every process writes, every stream service reads."""

from __future__ import annotations

import asyncio
import contextvars
import math
import time
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import ResponseError

from shared.adapters.redis.client import cache_operation, waiting_operation
from shared.domain.conversation import ConversationKey
from shared.domain.event import EventType, PlatformEvent, Update, UpdateBatch, place_of
from shared.errors import StoreUnavailable
from shared.observability import count, logger

UPDATES_STREAM = "updates"
_FIELD = b"event"
# Five minutes of a busy platform. What is older goes, and a stream that nobody writes to for five minutes disappears,
# or a little later: both are seen to not with every event.
_LONGEST_STREAM = 50_000
_PROLONGED_EVERY_SECONDS = 30
_TTL_SECONDS = 300 + _PROLONGED_EVERY_SECONDS
# By the server's clock, which also gave the entries their ids.
_PROLONG = """
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%d000', redis.call('TIME')[1] - ARGV[1]))
"""
_PUBLISH_TIMEOUT_SECONDS = 0.5
_WAITING_EVENTS = 200
_BLOCK_MS = 5000
_READ_AT_ONCE = 500
_RETRY_SECONDS = 0.5

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
                pipeline.eval(_PROLONG, 1, UPDATES_STREAM, str(_TTL_SECONDS))
            await pipeline.execute()
        if is_prolonged:
            self._prolonged_at = now


class RedisEventSubscription:
    """Implements `EventSubscription`."""

    def __init__(self, client: RedisCluster) -> None:
        """`client` must allow for reads that wait: see `READ_TIMEOUT_SECONDS`."""
        self._client = client

    async def kept_after(self, event_id: str) -> str:
        """See `EventSubscription.kept_after`."""
        # The library's types name every form an answer can have in any protocol; ours has this one.
        try:
            async with cache_operation():
                stream: Any = await self._client.xinfo_stream(UPDATES_STREAM)
        except StoreUnavailable as error:
            if isinstance(error.__cause__, ResponseError):  # There is no stream: nobody told anything lately.
                return event_id
            raise
        first = stream["first-entry"]
        if first is None or stream["entries-added"] == stream["length"]:
            return event_id
        oldest = str(first[0], "ascii")
        return oldest if place_of(oldest) > place_of(event_id) else event_id

    async def batches(self, *, after: str) -> AsyncGenerator[UpdateBatch, None]:
        """See `EventSubscription.batches`."""
        last, is_up_to_date, was_interrupted = after, False, False
        while True:
            try:
                entries = await self._read_after(last, waits=is_up_to_date)
            except StoreUnavailable:
                if not was_interrupted:
                    logger.warning("updates_interrupted")
                is_up_to_date, was_interrupted = False, True
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            read = ((str(event_id, "ascii"), _read_event(fields)) for event_id, fields in entries)
            is_up_to_date = len(entries) < _READ_AT_ONCE
            yield UpdateBatch(
                updates=tuple(Update(id=event_id, event=event) for event_id, event in read if event is not None),
                is_up_to_date=is_up_to_date,
                follows_interruption=was_interrupted,
            )
            was_interrupted = False
            if entries:
                last = str(entries[-1][0], "ascii")

    async def _read_after(self, last: str, *, waits: bool) -> list[tuple[bytes, dict[bytes, bytes]]]:
        block_ms = _BLOCK_MS if waits else None
        async with waiting_operation(timeout_seconds=READ_TIMEOUT_SECONDS):
            answer: Any = await self._client.xread({UPDATES_STREAM: last}, count=_READ_AT_ONCE, block=block_ms)
        return answer[0][1] if answer else []


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
