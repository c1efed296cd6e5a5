"""The business writes first: the window, the outbox, the sending, once for each idempotency key."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from shared.domain.content import Content, MessageTemplate, TextContent
from shared.domain.content_limits import fit
from shared.domain.conversation import Speaker
from shared.domain.event import EventType, PlatformEvent
from shared.domain.media import MediaFile
from shared.domain.message import Delivery, DeliveryStatus, Recipient, ReplyChunk
from shared.domain.outbound import (
    HeldContent,
    LastHeard,
    OutboundMessage,
    SentMessage,
    delivery_id_of,
    is_window_open,
    window_end,
)
from shared.errors import (
    Inapplicable,
    OptedOut,
    ProviderBusy,
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
from shared.use_cases.bring_file import BringFile

_UNDER_WAY = (DeliveryStatus.PENDING, DeliveryStatus.SENDING)
_OUTSIDE_WINDOW = "window_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sending:
    """A message that is about to leave, in the form in which its channel takes it."""

    message: OutboundMessage
    recipient: Recipient
    channel: Channel
    file: MediaFile | None

    @property
    def content(self) -> Content:
        return self.message.content


class SendOutboundMessage:
    """Sends anything within the channel's window, or a template at any time."""

    def __init__(
        self,
        outbound: OutboundMessages,
        history: HistoryStore,
        contexts: ContextStore,
        bring_file: BringFile,
        channels: Mapping[str, Channel],
        events: EventPublisher,
        clock: Callable[[], datetime],
        *,
        lease_seconds: int,
    ) -> None:
        self._outbound = outbound
        self._history = history
        self._contexts = contexts
        self._bring_file = bring_file
        self._channels = channels
        self._events = events
        self._clock = clock
        self._lease_seconds = lease_seconds

    async def __call__(self, message: OutboundMessage, *, idempotency_key: str) -> SentMessage:
        """Send the message, or say what became of it when the key was used before.

        Raises:
            Inapplicable: no such channel, or one that cannot send this, or nobody knows which number to send from.
            OptedOut: the user asked for no more messages; nothing was sent, not even a template.
            WindowClosed: the user wrote too long ago for anything but a template; nothing was sent.
            VersionConflict: the key was used for another message.
            AlreadyClaimed: the same message is being sent at this moment.
            ProviderUnavailable: not sent; the same request may succeed later.
            StoreUnavailable: not known to have been sent; repeating the request is safe.
        """
        channel = self._channel_of(message)
        delivery_id = delivery_id_of(idempotency_key)
        kept = await self._outbound.find(delivery_id)
        if kept is not None and not kept.is_for(message):
            raise VersionConflict("The Idempotency-Key was used for another message.")
        if kept is not None and kept.status not in _UNDER_WAY:
            return kept
        await self._refuse_opted_out(message)
        heard = await self._outbound.last_heard(message.key)
        held = self._plan(message, heard, channel) if kept is None or kept.held is None else kept.held
        sending = await self._prepare(message, heard, channel, held, delivery_id)
        if kept is None:
            kept = await self._outbound.hold(sending.message, delivery_id=delivery_id, held=held)
            if not kept.is_for(message):
                raise VersionConflict("The Idempotency-Key was used for another message.")
        return await self._send(sending)

    async def _refuse_opted_out(self, message: OutboundMessage) -> None:
        if await self._outbound.has_opted_out(message.key):
            count("outbound_refused", reason=OptedOut.code)
            raise OptedOut("The user asked for no more messages on this channel; only the user can change that.")

    def _channel_of(self, message: OutboundMessage) -> Channel:
        channel = self._channels.get(message.key.channel)
        if channel is None:
            raise Inapplicable("There is no such channel for messages.")
        return channel

    def _plan(self, message: OutboundMessage, heard: LastHeard | None, channel: Channel) -> HeldContent:
        """What is to leave, by our own clock: providers tell late that a window is closed, if at all."""
        window_hours = channel.capabilities.reply_window_hours
        is_template = isinstance(message.content, MessageTemplate)
        is_open = is_window_open(heard, now=self._clock(), window_hours=window_hours)
        if not is_template and not is_open and message.fallback is None:
            count("outbound_refused", reason=_OUTSIDE_WINDOW)
            end = window_end(heard, window_hours=window_hours)
            raise WindowClosed(
                f"The user did not write within {window_hours} hours; send a template, or give a fallback_template.",
                details={"closed_at": None if end is None else end.isoformat(), "hint": "send a template"},
            )
        return HeldContent(
            fingerprint=message.fingerprint,
            uses_fallback=not is_template and not is_open,
            fallback=message.fallback,
        )

    async def _prepare(
        self, message: OutboundMessage, heard: LastHeard | None, channel: Channel, held: HeldContent, delivery_id: str
    ) -> _Sending:
        """Everything that can be refused is refused here, before anything is kept."""
        sender = message.business_id or (heard.business_id if heard is not None else "")
        if not sender:
            raise Inapplicable("The user never wrote, so business_id has to say which number it leaves from.")
        if message.fallback is not None:
            fit(message.fallback, channel.capabilities.contents, text_limit=channel.capabilities.text_limit)
        stated = message.fallback if held.uses_fallback and message.fallback is not None else message.content
        content = fit(stated, channel.capabilities.contents, text_limit=channel.capabilities.text_limit)
        content, file = await self._bring_file(content, channel.capabilities)
        known = _as_known(replace(message, content=content, business_id=sender), heard)
        recipient = Recipient(
            channel=known.key.channel,
            user_id=known.key.user_id,
            business_id=sender,
            delivery_id=delivery_id,
            reply_to=message.reply_to,
            is_quoting=message.reply_to is not None,
            address=known.address,
        )
        return _Sending(message=known, recipient=recipient, channel=channel, file=file)

    async def _send(self, sending: _Sending) -> SentMessage:
        recipient = sending.recipient
        before = await self._outbound.begin(recipient.delivery_id, lease_seconds=self._lease_seconds)
        if before.status not in _UNDER_WAY:
            return before
        known: tuple[str, ...] = ()
        if before.status is DeliveryStatus.SENDING:
            known = await self._find_sent(sending)
        if known:
            logger.info("outbound_message_was_already_sent", delivery_id=recipient.delivery_id)
            delivery = Delivery(text=sending.message.turn_text, provider_message_ids=known)
        else:
            delivery = await self._deliver(sending)
        sent = await self._outbound.complete(recipient.delivery_id, delivery)
        await self._tell(sending.message, sent)
        return sent

    async def _deliver(self, sending: _Sending) -> Delivery:
        try:
            return await _hand_over(sending)
        except ProviderRejected as error:
            fallback = sending.message.fallback
            if error.reason == _OUTSIDE_WINDOW and fallback is not None and fallback != sending.content:
                logger.info("outbound_message_falls_back", delivery_id=sending.recipient.delivery_id)
                return await self._deliver(await self._with_fallback(sending, fallback))
            logger.warning("outbound_message_rejected", provider_code=error.provider_code, reason=error.reason)
            return _failed(error)
        except ProviderBusy:
            await self._give_back(sending.recipient.delivery_id)
            raise
        except ProviderUnavailable:
            # It may have arrived all the same: it stays SENDING, so that the next try looks for it first.
            logger.exception("outbound_message_not_sent", delivery_id=sending.recipient.delivery_id)
            raise

    async def _with_fallback(self, sending: _Sending, fallback: MessageTemplate) -> _Sending:
        content, file = await self._bring_file(fallback, sending.channel.capabilities)
        return replace(sending, message=replace(sending.message, content=content, fallback=None), file=file)

    async def _find_sent(self, sending: _Sending) -> tuple[str, ...]:
        """Provider ids of an earlier try that was not heard of again."""
        if isinstance(sending.content, TextContent):
            known = await sending.channel.find_sent(sending.recipient, sending.content.text)
            if known is not None:
                return known
        reported = await self._history.sent_under(sending.recipient.delivery_id)
        return () if reported is None else (reported,)

    async def _give_back(self, delivery_id: str) -> None:
        try:
            await self._outbound.give_back(delivery_id)
        except StoreUnavailable:
            logger.warning("outbound_message_not_given_back", delivery_id=delivery_id)

    async def _tell(self, message: OutboundMessage, sent: SentMessage) -> None:
        """The agents are to see the message among the turns, and whoever watches is to hear of it."""
        try:
            await self._contexts.forget(message.key)
        except StoreUnavailable:
            logger.warning("context_not_forgotten")
        await self._events.publish(
            PlatformEvent(
                type=EventType.MESSAGE_SENT,
                at=self._clock(),
                conversation_id=sent.conversation_id,
                key=message.key,
                data={
                    "message_id": sent.message_id,
                    "answers_id": None,
                    "speaker": (Speaker.HUMAN if message.agent_id is None else Speaker.AGENT).value,
                    "text": sent.turn_text,
                    "agent_id": message.agent_id,
                    "person": message.person or None,
                    "interrupted": False,
                    "status": sent.status.value,
                },
            )
        )
        logger.info("outbound_message_sent", delivery_id=sent.delivery_id, status=sent.status.value)
        count("outbound_messages", channel=message.key.channel)


def _as_known(message: OutboundMessage, heard: LastHeard | None) -> OutboundMessage:
    """The message in the conversation of the user who is known by this or another identity."""
    if heard is None:
        return message
    if heard.user_id == message.key.user_id:
        return replace(message, address=heard.address)
    return replace(message, key=replace(message.key, user_id=heard.user_id), address=message.key.user_id)


async def _hand_over(sending: _Sending) -> Delivery:
    content = sending.content
    if isinstance(content, TextContent):
        return await sending.channel.deliver(sending.recipient, _whole(content.text, sending.message.agent_id))
    # That the channel takes it was seen before anything was kept.
    return await cast("ContentSender", sending.channel).deliver_content(sending.recipient, content, file=sending.file)


def _failed(error: ProviderRejected) -> Delivery:
    return Delivery(
        text="",
        status=DeliveryStatus.FAILED,
        attributes={"error_code": error.provider_code, "error_title": str(error), "error_reason": error.reason},
    )


async def _whole(text: str, agent_id: str | None) -> AsyncGenerator[ReplyChunk, None]:
    yield ReplyChunk(text=text, agent_id=agent_id or "")
