"""A person takes a conversation over from the agents, or gives it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from shared import errors
from shared.domain.conversation import ConversationKey, ConversationStatus
from shared.domain.event import EventType, PlatformEvent, takeover_data
from shared.observability import logger
from shared.ports.history import ConversationSummary, HistoryReader
from shared.ports.messaging import EventPublisher
from shared.ports.stores import ContextStore, HistoryStore

_NOTES = {
    ConversationStatus.HUMAN: "A person of the team took over.",
    ConversationStatus.OPEN: "The person gave the conversation back: the agents answer again.",
}


class ChangeHands:
    """Decides who answers a conversation from now on; the agents are silent while a person does."""

    def __init__(
        self,
        reader: HistoryReader,
        history: HistoryStore,
        contexts: ContextStore,
        events: EventPublisher,
        clock: Callable[[], datetime],
    ) -> None:
        self._reader = reader
        self._history = history
        self._contexts = contexts
        self._events = events
        self._clock = clock

    async def __call__(self, conversation_id: str, *, to: ConversationStatus) -> ConversationSummary:
        """Give the conversation to a person (HUMAN) or to the agents (OPEN); nothing happens if they have it already.

        Raises:
            NotFound: no such conversation.
            InvalidContent: the conversation is closed.
            StoreUnavailable: nothing is known to have happened.
        """
        conversation = await self._reader.conversation(conversation_id)
        if conversation.status is ConversationStatus.CLOSED:
            raise errors.Inapplicable("The conversation is closed.")
        if conversation.status is to:
            return conversation
        await self._history.set_status(conversation.id, to, note=_NOTES[to])
        key = ConversationKey(channel=conversation.channel, user_id=conversation.user_id)
        await self._forget(key)
        await self._events.publish(
            PlatformEvent(
                type=EventType.TAKEOVER_CHANGED,
                at=self._clock(),
                conversation_id=conversation.id,
                key=key,
                data=takeover_data(to, wanted=False),
            )
        )
        return replace(conversation, status=to)

    async def _forget(self, key: ConversationKey) -> None:
        try:
            await self._contexts.forget(key)
        except errors.StoreUnavailable:
            # What decides whether an agent answers is the status in the database, read with each message.
            logger.warning("context_not_forgotten")
