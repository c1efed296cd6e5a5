"""A person of the business writes to a user, in a conversation that a person took over from the agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from shared.domain.conversation import ConversationKey, ConversationStatus
from shared.domain.outbound import OutboundMessage, SentMessage, delivery_id_of
from shared.errors import Inapplicable, NotTakenOver
from shared.ports.channel import Channel
from shared.ports.history import ConversationSummary, HistoryReader
from shared.ports.outbound import OutboundMessages
from shared.ports.stores import HistoryStore
from shared.use_cases.send_outbound_message import SendOutboundMessage


class WriteAsPerson:
    """Looks who has the conversation, then sends as anything is sent that the business begins."""

    def __init__(
        self,
        reader: HistoryReader,
        history: HistoryStore,
        outbound: OutboundMessages,
        send: SendOutboundMessage,
        channels: Mapping[str, Channel],
    ) -> None:
        self._reader = reader
        self._history = history
        self._outbound = outbound
        self._send = send
        self._channels = channels

    async def __call__(
        self,
        conversation_id: str,
        message_to: Callable[[ConversationKey], OutboundMessage],
        *,
        person: str,
        idempotency_key: str,
    ) -> SentMessage:
        """Send what `message_to` gives for the conversation's user, in the name of a person.

        A key counts within its conversation. Used again it tells what became of the message, whoever has the
        conversation by then.

        Raises:
            NotFound: no such conversation.
            NotTakenOver: the agents have the conversation.
            Inapplicable: it is a call, or over, or its channel cannot carry this.
            and whatever `SendOutboundMessage` raises.
        """
        conversation = await self._reader.conversation(conversation_id)
        if conversation.channel not in self._channels:
            raise Inapplicable("Nobody can write into a call; write to the user on a channel for messages.")
        key = ConversationKey(channel=conversation.channel, user_id=conversation.user_id)
        own_key = f"conversation:{conversation.id}:{idempotency_key}"
        if await self._outbound.find(delivery_id_of(own_key)) is None:
            await self._require_taken_over(conversation, key)
        return await self._send(replace(message_to(key), person=person), idempotency_key=own_key)

    async def _require_taken_over(self, conversation: ConversationSummary, key: ConversationKey) -> None:
        if conversation.status is ConversationStatus.CLOSED:
            raise Inapplicable("The conversation is closed.")
        if conversation.status is not ConversationStatus.HUMAN:
            raise NotTakenOver("The agents have the conversation; take it over before you write.")
        current = await self._history.load_conversation(key)
        # Where there is no current one, the channel's window tells better what can still be done.
        if current is not None and current.id != conversation.id:
            raise Inapplicable("The user has begun another conversation since; write into that one.")
