"""One subscription of the whole process: what it hears goes to the sockets, and to listeners inside the process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime

from shared.domain.event import PlatformEvent, UpdateBatch, place_of
from shared.errors import StoreUnavailable
from shared.observability import logger
from shared.ports.messaging import EventSubscription
from stream_service.updates.audience import Audience
from stream_service.updates.messages import GapReason, event_frame, gap_frame
from stream_service.updates.recent import KEPT_MS, RecentUpdates

Listener = Callable[[PlatformEvent], None]


class UpdatesHub:
    """Hears every event of the platform once, keeps those of the last five minutes, and passes them on.

    `audience` are the sockets.
    """

    def __init__(self, subscription: EventSubscription, now: Callable[[], datetime]) -> None:
        self.audience = Audience()
        self._subscription = subscription
        self._now = now
        self._recent: RecentUpdates | None = None
        self._is_up_to_date = False
        self._last_id = ""
        self._listeners: dict[str, list[Listener]] = {}

    @property
    def recent(self) -> RecentUpdates:
        """What was told lately.

        Raises:
            StoreUnavailable: not known yet.
        """
        if self._recent is None or not self._is_up_to_date:
            raise StoreUnavailable("Live updates are not available at the moment.", retry_after_seconds=2)
        return self._recent

    def listen(self, conversation_id: str, listener: Listener) -> Callable[[], None]:
        """Call the listener with each event of a conversation as it is heard; returns what ends that.

        It is called on the event loop, between everything else, and must not block.
        """
        self._listeners.setdefault(conversation_id, []).append(listener)

        def stop() -> None:
            listeners = self._listeners.get(conversation_id, [])
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(conversation_id, None)

        return stop

    def join_from(self, since: str | None) -> tuple[int, bytes]:
        """The number of the first update for a reader who saw this one last, and what to tell it before.

        Raises:
            StoreUnavailable: updates are not known yet.
        """
        recent = self.recent
        if since is None:
            return recent.end, b""
        place = place_of(since)
        gap = b"" if recent.is_complete_after(place) else gap_frame(since, self._now(), GapReason.TOO_OLD)
        return recent.number_after(place), gap

    async def run(self) -> None:
        """Hear and pass on for as long as the service runs.

        Raises:
            StoreUnavailable: what was told lately could not be found out; later it may.
        """
        after = f"{self._oldest_ms()}-0"
        kept_after = await self._subscription.kept_after(after)
        self._last_id, self._is_up_to_date = kept_after, False
        self._recent = RecentUpdates(nothing_before=place_of(kept_after))
        async with aclosing(self._subscription.batches(after=after)) as batches:
            async for batch in batches:
                self._keep(self._recent, batch)
                self._is_up_to_date = self._is_up_to_date or batch.is_up_to_date
                if batch.updates or batch.follows_interruption:
                    await self.audience.feed()

    def _keep(self, recent: RecentUpdates, batch: UpdateBatch) -> None:
        # Before the new ones come, so that every reader is sent those first, however old they are.
        recent.forget_before(self._oldest_ms())
        if batch.follows_interruption and self._is_up_to_date:
            milliseconds, number = place_of(self._last_id)
            # Behind the last update, so that whoever saw that one, and comes back, hears of the gap too.
            recent.append((milliseconds, number + 1), gap_frame(self._last_id, self._now(), GapReason.INTERRUPTED))
        for update in batch.updates:
            recent.append(place_of(update.id), event_frame(update.id, update.event))
            self._last_id = update.id
            if self._is_up_to_date:
                self._tell_listeners(update.event)

    def _tell_listeners(self, event: PlatformEvent) -> None:
        for listener in tuple(self._listeners.get(event.conversation_id, ())):
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - one listener's failure must not keep the event from the others
                logger.exception("update_listener_failed", type=event.type.value)

    def _oldest_ms(self) -> int:
        return int(self._now().timestamp() * 1000) - KEPT_MS
