"""The messages that a delivery takes on its channel, and how far each of them came."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Connection, Row, bindparam, case, func, null, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.adapters.postgres.schema import deliveries, delivery_parts
from shared.domain.message import DeliveryStatus, ReplyPart
from shared.domain.outcome import Outcome

_PARTS = (
    select(delivery_parts)
    .where(delivery_parts.c.delivery_id == bindparam("delivery_id"))
    .order_by(delivery_parts.c.position)
)
_OF_MESSAGE = (
    select(deliveries.c.id.label("of_delivery"), delivery_parts)
    .outerjoin_from(deliveries, delivery_parts, delivery_parts.c.delivery_id == deliveries.c.id)
    .where(deliveries.c.reply_id == bindparam("message_id"))
    .order_by(delivery_parts.c.position)
)
_NEW = upsert(delivery_parts).values(
    taken_at=case((bindparam("has_left", type_=Boolean), func.clock_timestamp()), else_=null())
)
_NOTE = _NEW.on_conflict_do_update(
    index_elements=[delivery_parts.c.delivery_id, delivery_parts.c.position],
    set_={
        "status": _NEW.excluded.status,
        "provider_message_id": _NEW.excluded.provider_message_id,
        "error_code": _NEW.excluded.error_code,
        "taken_at": func.coalesce(delivery_parts.c.taken_at, _NEW.excluded.taken_at),
        "updated_at": func.clock_timestamp(),
    },
).execution_options(is_awaited=False)
_CHANGE = (
    update(delivery_parts)
    .where(delivery_parts.c.delivery_id == bindparam("of_delivery"), delivery_parts.c.position == bindparam("at"))
    .values(updated_at=func.clock_timestamp())
    .execution_options(is_awaited=False)
)
_MARK_SENDING = _CHANGE.values(status=DeliveryStatus.SENDING)
_SETTLE = _CHANGE.values(
    {
        name: bindparam(name, type_=delivery_parts.c[name].type)
        for name in (
            "status",
            "provider_message_id",
            "error_code",
            "error_title",
            "pricing",
            "category",
            "is_billable",
            "conversation",
        )
    }
)


def load(connection: Connection, delivery_id: str) -> tuple[ReplyPart, ...]:
    """The parts of a delivery in their order."""
    rows = connection.execute(_PARTS, {"delivery_id": delivery_id})
    return tuple(_part(row) for row in rows)


def load_outcomes(connection: Connection, message_id: str) -> tuple[str | None, tuple[Outcome, ...]]:
    """The delivery that a message of ours left by, and what became of its parts as far as it is kept."""
    rows = connection.execute(_OF_MESSAGE, {"message_id": message_id}).all()
    delivery_id = rows[0].of_delivery if rows else None
    return delivery_id, tuple(read_outcome(row) for row in rows if row.position is not None)


def note(connection: Connection, channel: str, delivery_id: str, part: ReplyPart) -> None:
    """Keep the part as it is now."""
    connection.execute(
        _NOTE,
        {
            "delivery_id": delivery_id,
            "position": part.position,
            "text": part.text,
            "status": part.status,
            "channel": channel,
            "provider_message_id": part.provider_message_id,
            "has_left": part.has_left,
            "error_code": part.error_code,
        },
    )


def settle(connection: Connection, delivery_id: str, outcome: Outcome) -> None:
    """Keep what became of a part."""
    connection.execute(
        _SETTLE,
        {
            "of_delivery": delivery_id,
            "at": outcome.part.position,
            "status": outcome.part.status,
            "provider_message_id": outcome.part.provider_message_id,
            "error_code": outcome.part.error_code,
            "error_title": outcome.error_title,
            "pricing": outcome.pricing,
            "category": outcome.category,
            "is_billable": outcome.is_billable,
            "conversation": outcome.conversation,
        },
    )


def mark_sending(connection: Connection, delivery_id: str, position: int) -> None:
    """Note that the part is about to leave."""
    connection.execute(_MARK_SENDING, {"of_delivery": delivery_id, "at": position})


def read_outcome(row: Row[Any]) -> Outcome:
    """What a row says became of its part."""
    return Outcome(part=_part(row), error_title=row.error_title, pricing=row.pricing, conversation=row.conversation)


def _part(row: Row[Any]) -> ReplyPart:
    return ReplyPart(
        position=row.position,
        text=row.text,
        status=DeliveryStatus(row.status),
        provider_message_id=row.provider_message_id,
        error_code=row.error_code,
    )
