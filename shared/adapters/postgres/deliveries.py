"""The outbox: a reply is kept before it is sent, and what came of it is kept with the turn it became."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared import tracing
from shared.adapters.postgres import delivery_parts
from shared.adapters.postgres.call_place import take_call_place
from shared.adapters.postgres.column_types import Moment
from shared.adapters.postgres.identifiers import new_id
from shared.adapters.postgres.schema import deliveries, messages
from shared.domain.agent import Citation, RoutingDecision
from shared.domain.conversation import Speaker
from shared.domain.json_value import JSON
from shared.domain.message import Delivery, DeliveryStatus, MessageKind, ReplyPart
from shared.domain.prompt import TokenUsage
from shared.domain.reply import HeldReply, ReplyDraft
from shared.domain.voice import Voice

_VOICE_NOTE = "voice_note"
_STORE_REPLY = (
    insert(messages)
    .values(
        direction="outbound",
        speaker=Speaker.AGENT,
        # A reply never stands before its question, however fast the provider's clock is.
        sent_at=func.greatest(func.clock_timestamp(), bindparam("asked_at", type_=Moment)),
    )
    .returning(
        messages.c.sent_at,
        select(deliveries.c.id).where(deliveries.c.message_id == bindparam("answered_id")).scalar_subquery(),
    )
)
_SETTLE = (
    update(deliveries)
    .where(deliveries.c.message_id == bindparam("answered_id"))
    .values(status=bindparam("outcome"), reply_id=bindparam("turn_id"), updated_at=func.clock_timestamp())
    .execution_options(is_awaited=False)
)
_HOLD = (
    upsert(deliveries)
    .values(status=DeliveryStatus.PENDING)
    .on_conflict_do_nothing(index_elements=[deliveries.c.message_id])
    .returning(deliveries.c.id)
)
_MARK_SENDING = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("delivery_id"), deliveries.c.message_id == bindparam("answered_id"))
    .values(
        status=DeliveryStatus.SENDING,
        attempts=deliveries.c.attempts + 1,
        updated_at=func.clock_timestamp(),
    )
    .execution_options(is_awaited=False)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReply:
    """A reply that became a turn; `delivery_id` is None for one that did not go through the outbox."""

    id: str
    at: datetime
    delivery_id: str | None
    attributes: dict[str, Any]


def load_held_reply(connection: Connection, message_id: str) -> HeldReply | None:
    """The reply to the message that is in the outbox, if there is one."""
    row = connection.execute(select(deliveries).where(deliveries.c.message_id == message_id)).one_or_none()
    return None if row is None else _held_reply(row, delivery_parts.load(connection, row.id))


def hold(
    connection: Connection, inbound: Row[Any], draft: ReplyDraft, delivery_id: str, parts: tuple[str, ...]
) -> HeldReply:
    """Put the draft into the outbox unless there is one for the message, and return the one that stands."""
    mine = connection.execute(
        _HOLD,
        {
            "id": delivery_id,
            "message_id": inbound.id,
            "text": draft.text,
            "agent_id": draft.agent_id,
            "route": msgspec.to_builtins(draft.route),
            "usage": msgspec.to_builtins(draft.usage),
            "stages_ms": draft.stages_ms,
            "citations": msgspec.to_builtins(draft.citations),
            "content": _content(draft),
        },
    ).one_or_none()
    if mine is None:
        held = load_held_reply(connection, inbound.id)
        assert held is not None
        return held
    cut = tuple(ReplyPart(position=position, text=text) for position, text in enumerate(parts, start=1))
    for part in cut:
        delivery_parts.note(connection, inbound.channel, delivery_id, part)
    return HeldReply(delivery_id=delivery_id, draft=draft, status=DeliveryStatus.PENDING, parts=cut)


def mark_sending(
    connection: Connection, inbound: Row[Any], delivery_id: str, *, position: int, sent: ReplyPart | None
) -> None:
    """Note that a part is about to leave, and what became of the one before it."""
    if sent is not None:
        delivery_parts.note(connection, inbound.channel, delivery_id, sent)
    connection.execute(_MARK_SENDING, {"delivery_id": delivery_id, "answered_id": inbound.id})
    delivery_parts.mark_sending(connection, delivery_id, position)


def abandon(connection: Connection, message_id: str) -> None:
    """Note that the reply in the outbox, if there is one, will never be sent."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.message_id == message_id)
        .values(status=DeliveryStatus.FAILED, updated_at=func.clock_timestamp())
    )


def store_reply(connection: Connection, inbound: Row[Any], draft: ReplyDraft | None, delivery: Delivery) -> StoredReply:
    """Keep what was delivered as a turn, and note in the outbox what became of it."""
    reply_id = new_id()
    attributes = dict(delivery.attributes)
    place = take_call_place(attributes)
    has_failed = delivery.status is DeliveryStatus.FAILED
    attempted = draft.text if draft is not None and has_failed else ""
    spoken_at, delivery_id = connection.execute(
        _STORE_REPLY,
        {
            "id": reply_id,
            "conversation_id": inbound.conversation_id,
            "channel": inbound.channel,
            "user_id": inbound.user_id,
            "business_id": inbound.business_id,
            "kind": MessageKind.SPEECH if place else MessageKind.TEXT,
            "text": delivery.text or attempted,
            "asked_at": inbound.sent_at,
            "answered_id": inbound.id,
            "provider_message_id": delivery.provider_message_ids[0] if delivery.provider_message_ids else None,
            "answers_id": inbound.id,
            "interrupted": delivery.interrupted,
            "delivery_status": delivery.status,
            **_of_draft(draft, delivery),
            **place,
            "attributes": attributes,
            "trace_id": tracing.trace_id() or None,
        },
    ).one()
    if delivery_id is not None:
        for part in delivery.as_parts:
            delivery_parts.note(connection, inbound.channel, delivery_id, part)
        connection.execute(_SETTLE, {"answered_id": inbound.id, "outcome": delivery.status, "turn_id": reply_id})
    return StoredReply(id=reply_id, at=spoken_at, delivery_id=delivery_id, attributes=attributes)


def _of_draft(draft: ReplyDraft | None, delivery: Delivery) -> dict[str, Any]:
    if draft is None:
        return {"stages_ms": delivery.stages_ms}
    return {
        "agent_id": draft.agent_id,
        "route_reason": None if draft.route is None else draft.route.reason,
        "route_detail": None if draft.route is None else draft.route.detail,
        "input_tokens": None if draft.usage is None else draft.usage.input_tokens,
        "output_tokens": None if draft.usage is None else draft.usage.output_tokens,
        "model": None if draft.usage is None else draft.usage.model or None,
        "cost_microusd": None if draft.usage is None else draft.usage.cost_microusd,
        "citations": msgspec.to_builtins(draft.citations),
        "stages_ms": {**draft.stages_ms, **delivery.stages_ms},
    }


def _held_reply(row: Row[Any], parts: tuple[ReplyPart, ...]) -> HeldReply:
    draft = ReplyDraft(
        text=row.text,
        agent_id=row.agent_id,
        route=msgspec.convert(row.route, RoutingDecision | None),
        usage=msgspec.convert(row.usage, TokenUsage | None),
        stages_ms=row.stages_ms,
        voice=_voice(row.content),
        citations=msgspec.convert(row.citations, tuple[Citation, ...]),
    )
    status = DeliveryStatus(row.status)
    # A reply that was held before parts were kept left, or leaves, whole.
    whole = ReplyPart(position=1, text=row.text, status=status)
    return HeldReply(delivery_id=row.id, draft=draft, status=status, parts=parts or (whole,))


def _content(draft: ReplyDraft) -> dict[str, JSON] | None:
    """What tells how the reply is to be carried, if not as text."""
    if draft.voice is None:
        return None
    return {"form": _VOICE_NOTE, "voice": draft.voice.name, "language": draft.voice.language}


def _voice(content: JSON) -> Voice | None:
    if not isinstance(content, dict) or content.get("form") != _VOICE_NOTE:
        return None
    return Voice(name=str(content["voice"]), language=str(content["language"]))
