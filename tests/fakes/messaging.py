"""MessageQueue and EventPublisher in memory."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.aws.sqs import deduplication_id
from shared.domain.event import PlatformEvent
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
