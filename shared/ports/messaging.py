"""The queue between webhook and worker, and the live updates for front ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from shared.domain.event import PlatformEvent, UpdateBatch
from shared.domain.message import InboundItem


class MessageQueue(Protocol):
    """Keeps accepted items until a worker has dealt with them; in order per user."""

    async def put(self, items: Sequence[InboundItem]) -> None:
        """Queue all items; what was queued before is not queued twice within the queue's memory.

        Raises:
            QueueUnavailable: at least one item is not queued; putting them all again is safe.
        """


class EventPublisher(Protocol):
    """Tells whoever watches."""

    async def publish(self, event: PlatformEvent) -> None:
        """Send an event to the subscribers. Never raises: an unwatched event is no reason to fail a reply."""


class EventSubscription(Protocol):
    """Hears what was told, by whichever process."""

    async def kept_after(self, event_id: str) -> str:
        """The id after which nothing was forgotten, not before this one; events are forgotten after five minutes.

        Raises:
            StoreUnavailable: not known.
        """

    def batches(self, *, after: str) -> AsyncGenerator[UpdateBatch, None]:
        """Yield what was told after this event, for ever, and an empty batch now and then when there is nothing.

        It never fails: after an outage it goes on where it was.
        """
