"""The business writes first: the window, the outbox, the sending, once for each idempotency key."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import cast

from shared.domain.conversation import ConversationKey
from shared.domain.event import EventType, PlatformEvent
from shared.domain.message import Delivery, DeliveryStatus, Recipient, ReplyChunk
from shared.domain.outbound import LastHeard, OutboundMessage, SentMessage, delivery_id_of, is_window_open
from shared.errors import (
    InvalidContent,
    ProviderRejected,
    ProviderUnavailable,
    StoreUnavailable,
    VersionConflict,
    WindowClosed,
)
from shared.observability import count, logger
from shared.ports.channel import Channel, ContentSender
from shared.ports.messaging import EventPublisher
from shared.ports.outbound import OutboundMessages
from shared.ports.stores import ContextStore, HistoryStore

_UNDER_WAY = (DeliveryStatus.PENDING, DeliveryStatus.SENDING)


class SendOutboundMessage:
    """Sends a text within the channel's window, or a template at any time."""

    def __init__(
        self,
        outbound: OutboundMessages,
        history: HistoryStore,
        contexts: ContextStore,
        channels: Mapping[str, Channel],
        events: EventPublisher,
        clock: Callable[[], datetime],
        *,
        lease_seconds: int,
    ) -> None:
        self._outbound = outbound
        self._history = history
        self._contexts = contexts
        self._channels = channels
        self._events = events
        self._clock = clock
        self._lease_seconds = lease_seconds

    async def __call__(self, message: OutboundMessage, *, idempotency_key: str) -> SentMessage:
        """Send the message, or say what became of it when the key was used before.

        Raises:
            InvalidContent: no such channel, no template there, or nobody knows which number to send it from.
            WindowClosed: the user wrote too long ago for a free text; nothing was sent.
            VersionConflict: the key was used for another message.
            AlreadyClaimed: the same message is being sent at this moment.
            ProviderUnavailable: not sent; the same request may succeed later.
            StoreUnavailable: not known to have been sent; repeating the request is safe.
        """
        channel = self._channel_of(message)
        delivery_id = delivery_id_of(idempotency_key)
        kept = await self._outbound.find(delivery_id)
        heard = await self._outbound.last_heard(message.key)
        if kept is None:
            self._refuse_outside_window(message, heard, channel)
        sender = message.business_id or (heard.business_id if heard is not None else "")
        if kept is None:
            kept = await self._outbound.hold(replace(message, business_id=sender), delivery_id=delivery_id)
        if kept.turn_text != message.turn_text:
            raise VersionConflict("The Idempotency-Key was used for another message.")
        if kept.status not in _UNDER_WAY:
            return kept
        recipient = Recipient(
            channel=message.key.channel, user_id=message.key.user_id, business_id=sender, delivery_id=delivery_id
        )
        return await self._send(message, recipient, channel)

    def _channel_of(self, message: OutboundMessage) -> Channel:
        channel = self._channels.get(message.key.channel)
        if channel is None:
            raise InvalidContent("There is no such channel for messages.")
        if message.template is not None and not channel.capabilities.contents.templates:
            raise InvalidContent("The channel knows no templates.")
        return channel

    def _refuse_outside_window(self, message: OutboundMessage, heard: LastHeard | None, channel: Channel) -> None:
        window_hours = channel.capabilities.reply_window_hours
        is_open = is_window_open(heard, now=self._clock(), window_hours=window_hours)
        if message.template is None and not is_open:
            count("outbound_refused", reason="window_closed")
            raise WindowClosed(f"The user did not write within {window_hours} hours; send a template.")
        if heard is None and not message.business_id:
            raise InvalidContent("The user never wrote, so business_id has to say which number it leaves from.")

    async def _send(self, message: OutboundMessage, recipient: Recipient, channel: Channel) -> SentMessage:
        before = await self._outbound.begin(recipient.delivery_id, lease_seconds=self._lease_seconds)
        if before.status not in _UNDER_WAY:
            return before
        known: tuple[str, ...] = ()
        if before.status is DeliveryStatus.SENDING:
            known = await self._find_sent(message, recipient, channel)
        if known:
            logger.info("outbound_message_was_already_sent", delivery_id=recipient.delivery_id)
            delivery = Delivery(text=message.turn_text, provider_message_ids=known)
        else:
            delivery = await self._deliver(message, recipient, channel)
        sent = await self._outbound.complete(recipient.delivery_id, delivery)
        await self._forget(message.key)
        await self._events.publish(
            PlatformEvent(
                type=EventType.MESSAGE_SENT,
                at=self._clock(),
                conversation_id=sent.conversation_id,
                key=message.key,
                data={"agent_id": message.agent_id, "interrupted": False, "status": sent.status.value},
            )
        )
        logger.info("outbound_message_sent", delivery_id=recipient.delivery_id, status=sent.status.value)
        count("outbound_messages", channel=message.key.channel)
        return sent

    async def _deliver(self, message: OutboundMessage, recipient: Recipient, channel: Channel) -> Delivery:
        try:
            if message.template is not None:
                # That the channel has it was seen before anything was kept.
                return await cast("ContentSender", channel).deliver_content(recipient, message.template)
            return await channel.deliver(recipient, _whole(message))
        except ProviderRejected as error:
            logger.warning("outbound_message_rejected", provider_code=error.provider_code)
            return Delivery(
                text="",
                status=DeliveryStatus.FAILED,
                attributes={"error_code": error.provider_code, "error_title": str(error)},
            )
        except ProviderUnavailable:
            # It may have arrived all the same: it stays SENDING, so that the next try looks for it first.
            logger.exception("outbound_message_not_sent", delivery_id=recipient.delivery_id)
            raise

    async def _find_sent(self, message: OutboundMessage, recipient: Recipient, channel: Channel) -> tuple[str, ...]:
        """Provider ids of an earlier try that was not heard of again."""
        if message.template is None:
            known = await channel.find_sent(recipient, message.text)
            if known is not None:
                return known
        reported = await self._history.sent_under(recipient.delivery_id)
        return () if reported is None else (reported,)

    async def _forget(self, key: ConversationKey) -> None:
        """The agents are to see the message among the turns."""
        try:
            await self._contexts.forget(key)
        except StoreUnavailable:
            logger.warning("context_not_forgotten")


async def _whole(message: OutboundMessage) -> AsyncGenerator[ReplyChunk, None]:
    yield ReplyChunk(text=message.text, agent_id=message.agent_id or "")
