"""What the worker does with a queued item: answer a message, note a status or a notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from shared import tracing
from shared.domain.event import EventType, PlatformEvent, status_data
from shared.domain.message import ChannelNotice, InboundItem, InboundMessage, StatusUpdate
from shared.errors import InvalidContent, NotTogether
from shared.observability import logger
from shared.ports.channel import OutboundChannel
from shared.ports.identities import IdentityStore
from shared.ports.messaging import EventPublisher
from shared.ports.stores import HistoryStore
from shared.use_cases.answer_message import AnswerMessage
from shared.use_cases.note_preferences import NotePreferences
from shared.use_cases.send_fallback import SendFallback

_KINDS: Mapping[type[InboundItem], str] = {
    InboundMessage: "message",
    StatusUpdate: "status",
    ChannelNotice: "notice",
}


class HandleItem:
    """One queued item, dealt with to the end; raising leaves it in the queue."""

    def __init__(
        self,
        answer: AnswerMessage,
        identities: IdentityStore,
        history: HistoryStore,
        events: EventPublisher,
        channels: Mapping[str, OutboundChannel],
        clock: Callable[[], datetime],
        *,
        preferences: NotePreferences,
        fall_back: SendFallback,
    ) -> None:
        self._answer = answer
        self._identities = identities
        self._history = history
        self._events = events
        self._channels = channels
        self._clock = clock
        self._preferences = preferences
        self._fall_back = fall_back

    async def __call__(self, *items: InboundItem) -> None:
        """Deal with an item, or with several messages of a user that are answered together, in their order.

        Raises:
            InvalidContent: the item names a channel that this platform does not have.
            PlatformError: not done; the same items may be handled later.
        """
        tracing.note(channel=items[-1].channel, item=_KINDS[type(items[-1])])
        messages = [item for item in items if isinstance(item, InboundMessage)]
        if messages:
            await self._answer_together(messages)
            return
        (item,) = items
        if isinstance(item, StatusUpdate):
            await self._note_status(item)
        elif isinstance(item, ChannelNotice):
            await self._history.record_notice(item)
            await self._preferences(item)
            logger.info("notice_kept", channel=item.channel, kind=item.kind.value, topic=item.topic)

    async def _answer_together(self, messages: Sequence[InboundMessage]) -> None:
        """One answer to all; where some were dealt with before, what came first is looked at by itself."""
        channel = self._channel(messages[-1].channel)
        # The same message may lie in the queue twice.
        distinct = {message.provider_message_id: message for message in messages}
        waiting = [await self._identities.resolve(message) for message in distinct.values()]
        while waiting:
            *earlier, last = waiting
            try:
                await self._answer(last, channel, earlier=earlier)
            except NotTogether:
                await self._answer(waiting.pop(0), channel)
            else:
                return

    async def _note_status(self, update: StatusUpdate) -> None:
        recorded = await self._history.record_status(update)
        if recorded is None:
            return
        await self._fall_back(update, recorded)
        await self._events.publish(
            PlatformEvent(
                type=EventType.MESSAGE_STATUS,
                at=self._clock(),
                conversation_id=recorded.conversation_id,
                key=recorded.key,
                data=status_data(recorded.message_id, recorded.status.value, error_code=recorded.error_code),
            )
        )

    def _channel(self, name: str) -> OutboundChannel:
        if name not in self._channels:
            raise InvalidContent(f"There is no channel named {name}.")
        return self._channels[name]
