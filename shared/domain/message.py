"""One form for every channel's traffic: what people send, what providers report, what we deliver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.domain.conversation import ConversationKey, Speaker
from shared.domain.json_value import JSON
from shared.domain.media import MediaReference

TIME_IS_INVALID = "timestamp_is_invalid"
"""Attribute of an item whose provider gave no time that can be believed; its time is when it came in."""


class MessageKind(StrEnum):
    """What a user sent. UNKNOWN is whatever a provider invents next: stored, never dropped."""

    TEXT = "text"
    SPEECH = "speech"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    BUTTON = "button"
    INTERACTIVE = "interactive"
    ORDER = "order"
    REACTION = "reaction"
    EDIT = "edit"
    REVOKE = "revoke"
    SYSTEM = "system"
    ECHO = "echo"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


class ReplyPolicy(StrEnum):
    """ANSWER: an agent replies. ACKNOWLEDGE: we say that we got it but cannot read it. SILENT: stored only."""

    ANSWER = "answer"
    ACKNOWLEDGE = "acknowledge"
    SILENT = "silent"


_ACKNOWLEDGED = frozenset(
    {
        MessageKind.IMAGE,
        MessageKind.AUDIO,
        MessageKind.VIDEO,
        MessageKind.DOCUMENT,
        MessageKind.STICKER,
        MessageKind.LOCATION,
        MessageKind.CONTACTS,
        MessageKind.ORDER,
        MessageKind.UNSUPPORTED,
    }
)
_SILENT = frozenset({MessageKind.REACTION, MessageKind.EDIT, MessageKind.REVOKE, MessageKind.SYSTEM, MessageKind.ECHO})


def speaker_of(kind: MessageKind) -> Speaker:
    """Who speaks in what comes in. An echo is what a person of the business wrote on the business's own phone."""
    return {MessageKind.ECHO: Speaker.HUMAN, MessageKind.SYSTEM: Speaker.SYSTEM}.get(kind, Speaker.USER)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """What a user sent, on any channel.

    Attributes:
        channel: name of the channel, as in its webhook path.
        user_id: the provider's identity of the user: a phone number without plus, or a business-scoped id.
        provider_message_id: the provider's id; with `channel` it identifies the message for ever.
        text: what an agent should read; empty when the message holds no words.
        business_id: which of our numbers or accounts was addressed.
        sent_at: when the user sent it, by the provider's clock.
        media: the files that came with it, in their order.
        address: where a reply goes if that is not `user_id`: another identity of the same user.
        group_id: the group that it was written in; the reply belongs there.
        aliases: other identities that the provider states for the same user.
        attributes: facts of the kind: media id, coordinates, button payload, call position, ...
    """

    channel: str
    user_id: str
    provider_message_id: str
    kind: MessageKind
    text: str
    business_id: str
    sent_at: datetime
    received_at: datetime
    user_name: str | None = None
    reply_to: str | None = None
    media: tuple[MediaReference, ...] = ()
    address: str = ""
    group_id: str | None = None
    aliases: tuple[str, ...] = ()
    attributes: dict[str, JSON] = field(default_factory=dict)

    @property
    def key(self) -> ConversationKey:
        """The conversation this message belongs to."""
        return ConversationKey(channel=self.channel, user_id=self.user_id)

    @property
    def reply_policy(self) -> ReplyPolicy:
        """Whether the message wants an answer. Kinds we do not know are acknowledged only if they hold words."""
        if self.kind in _SILENT:
            return ReplyPolicy.SILENT
        if self.text.strip():
            return ReplyPolicy.ANSWER
        return ReplyPolicy.ACKNOWLEDGE if self.kind in _ACKNOWLEDGED else ReplyPolicy.SILENT


class Unanswered(StrEnum):
    """Why a message that was dealt with got no reply.

    HUMAN: a person has the conversation. SILENT: its kind wants none. OPTED_OUT: the user wants none. STALE: it came
    hours after it was written. JOINED: it was answered together with a later one. BY_PROVIDER: the provider itself
    answered it.
    """

    HUMAN = "human"
    SILENT = "silent"
    OPTED_OUT = "opted_out"
    STALE = "stale"
    JOINED = "joined"
    BY_PROVIDER = "by_provider"


class DeliveryStatus(StrEnum):
    """How far an outbound message came."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"


# A failure counts more than the provider's acceptance and less than any proof that the message arrived.
_RANK = {
    status: rank
    for rank, status in enumerate(
        (
            DeliveryStatus.PENDING,
            DeliveryStatus.SENDING,
            DeliveryStatus.SENT,
            DeliveryStatus.FAILED,
            DeliveryStatus.DELIVERED,
            DeliveryStatus.READ,
            DeliveryStatus.PLAYED,
        )
    )
}
_AT_HOME = frozenset({DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.FAILED})


def later_status(current: DeliveryStatus, reported: DeliveryStatus) -> DeliveryStatus:
    """The status to keep: providers report late and out of order, so a message only moves forward.

    A failure counts only while nothing proves that the message arrived. In whatever order the same reports come, and
    however often, the same status is left.
    """
    return max(current, reported, key=_RANK.__getitem__)


def status_of_parts(parts: Sequence[DeliveryStatus]) -> DeliveryStatus:
    """The status of a message that left in parts: failed if one of them did, else that of the least advanced."""
    if DeliveryStatus.FAILED in parts:
        return DeliveryStatus.FAILED
    return min(parts, key=_RANK.__getitem__, default=DeliveryStatus.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate:
    """A provider's word on one of our outbound messages.

    Attributes:
        status: None when the provider used a word we do not know; `reported` keeps it.
        correlation_id: our delivery id, if the provider hands it back.
    """

    channel: str
    provider_message_id: str
    status: DeliveryStatus | None
    reported: str
    occurred_at: datetime
    user_id: str | None = None
    correlation_id: str | None = None
    error_code: str | None = None
    error_title: str | None = None
    attributes: dict[str, JSON] = field(default_factory=dict)

    @property
    def is_dated(self) -> bool:
        """Whether the provider said when; if not, the same word about the same message is the same report."""
        return TIME_IS_INVALID not in self.attributes


class NoticeKind(StrEnum):
    """What a notice is about. REJECTED is an item that we could not read; its `reason` says why."""

    CALL = "call"
    ERROR = "error"
    ACCOUNT = "account"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelNotice:
    """Anything else a provider told us; kept for the record, answered by nobody."""

    channel: str
    notice_id: str
    kind: NoticeKind
    topic: str
    occurred_at: datetime
    reason: str | None = None
    payload: JSON = None


InboundItem = InboundMessage | StatusUpdate | ChannelNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyChunk:
    """A piece of an agent's reply, in the order in which it was produced; pieces join without separator."""

    text: str
    agent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a delivery is for.

    Attributes:
        business_id: the number or account the user wrote to; the reply leaves from it.
        delivery_id: our id of this delivery, handed to the provider where it takes one.
        reply_to: the provider's id of the message being answered.
        is_quoting: the reply shows that message above itself, because others came in between.
        address: the identity to send to, if it is not `user_id`.
        group_id: the group to write to instead.
    """

    channel: str
    user_id: str
    business_id: str
    delivery_id: str
    reply_to: str | None = None
    is_quoting: bool = False
    address: str = ""
    group_id: str | None = None

    @classmethod
    def of(cls, message: InboundMessage, *, delivery_id: str) -> Recipient:
        """Whoever wrote the message, where it was written."""
        return cls(
            channel=message.channel,
            user_id=message.user_id,
            business_id=message.business_id,
            delivery_id=delivery_id,
            reply_to=message.provider_message_id,
            address=message.address,
            group_id=message.group_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPart:
    """One of the messages that a reply takes on its channel; most take one.

    Attributes:
        position: its place, from 1.
        provider_message_id: None while nobody knows it, and where the provider names none.
        error_code: the provider's own, if it failed.
    """

    position: int
    text: str
    status: DeliveryStatus = DeliveryStatus.PENDING
    provider_message_id: str | None = None
    error_code: str | None = None

    @property
    def has_left(self) -> bool:
        """Whether the provider took it, whatever became of it then."""
        return self.provider_message_id is not None or self.status not in _AT_HOME


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came of delivering a reply.

    Attributes:
        text: what the user got: all of it, or the words that were heard before an interruption.
        provider_message_ids: the ids under which statuses will be reported, one per part.
        stages_ms: milliseconds of each stage of the delivery, by stage name.
        parts: the messages that it took, if it left through the outbox.
    """

    text: str
    interrupted: bool = False
    provider_message_ids: tuple[str, ...] = ()
    status: DeliveryStatus = DeliveryStatus.SENT
    stages_ms: dict[str, int] = field(default_factory=dict)
    parts: tuple[ReplyPart, ...] = ()
    attributes: dict[str, JSON] = field(default_factory=dict)

    @property
    def as_parts(self) -> tuple[ReplyPart, ...]:
        """The messages that it took; where its channel cut it itself, only the ids tell how many they were."""
        ids = self.provider_message_ids or (None,)
        text = self.text if len(ids) == 1 else ""
        return self.parts or tuple(
            ReplyPart(position=position, text=text, status=self.status, provider_message_id=provider_id)
            for position, provider_id in enumerate(ids, start=1)
        )
