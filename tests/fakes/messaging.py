"""MessageQueue, EventPublisher and EventSubscription in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from shared.adapters.aws.sqs import deduplication_id
from shared.domain.event import PlatformEvent, Update, UpdateBatch, place_of
from shared.domain.message import InboundItem


class FakeMessageQueue:
    """Implements `MessageQueue`; what was queued lies in `items`."""

    def __init__(self) -> None:
        self.items: list[InboundItem] = []
        self._seen: set[str] = set()

    async def put(self, items: Sequence[InboundItem]) -> None:
        for item in items:
            name = deduplication_id(item)
            if name not in self._seen:
                self._seen.add(name)
                self.items.append(item)


class FakeEventPublisher:
    """Implements `EventPublisher`; what was published lies in `events`."""

    def __init__(self) -> None:
        self.events: list[PlatformEvent] = []

    async def publish(self, event: PlatformEvent) -> None:
        self.events.append(event)


class FakeEventSubscription:
    """Implements `EventSubscription`; a test tells events, and may interrupt, or make the beginning fail."""

    def __init__(self, *, oldest: str = "0-0") -> None:
        self.told: list[Update] = []
        self.failures: list[Exception] = []
        self._oldest = oldest
        self._is_interrupted = False
        self._changed = asyncio.Event()

    def tell(self, event_id: str, event: PlatformEvent) -> None:
        """Everybody hears of it."""
        self.told.append(Update(id=event_id, event=event))
        self._changed.set()

    def interrupt(self) -> None:
        """Something may have been lost."""
        self._is_interrupted = True
        self._changed.set()

    def pass_time(self) -> None:
        """Nothing is told, and readers are told so."""
        self._changed.set()

    async def kept_after(self, event_id: str) -> str:
        if self.failures:
            raise self.failures.pop()
        return max(event_id, self._oldest, key=place_of)

    async def batches(self, *, after: str) -> AsyncGenerator[UpdateBatch, None]:
        read = sum(1 for update in self.told if place_of(update.id) <= place_of(after))
        while True:
            new, read = tuple(self.told[read:]), len(self.told)
            was_interrupted, self._is_interrupted = self._is_interrupted, False
            self._changed.clear()
            yield UpdateBatch(updates=new, follows_interruption=was_interrupted)
            await self._changed.wait()
