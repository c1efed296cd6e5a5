"""The messages that a delivery takes on its channel, and how far each of them came."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.adapters.postgres.schema import delivery_parts
from shared.domain.message import DeliveryStatus, ReplyPart

_NEW = upsert(delivery_parts)
_NOTE = _NEW.on_conflict_do_update(
    index_elements=[delivery_parts.c.delivery_id, delivery_parts.c.position],
    set_={
        "status": _NEW.excluded.status,
        "provider_message_id": _NEW.excluded.provider_message_id,
        "error_code": _NEW.excluded.error_code,
        "updated_at": func.clock_timestamp(),
    },
).execution_options(is_awaited=False)
_MARK_SENDING = (
    update(delivery_parts)
    .where(delivery_parts.c.delivery_id == bindparam("of_delivery"), delivery_parts.c.position == bindparam("at"))
    .values(status=DeliveryStatus.SENDING, updated_at=func.clock_timestamp())
    .execution_options(is_awaited=False)
)


def load(connection: Connection, delivery_id: str) -> tuple[ReplyPart, ...]:
    """The parts of a delivery in their order."""
    rows = connection.execute(
        select(delivery_parts).where(delivery_parts.c.delivery_id == delivery_id).order_by(delivery_parts.c.position)
    )
    return tuple(_part(row) for row in rows)


def note(connection: Connection, delivery_id: str, part: ReplyPart) -> None:
    """Keep the part as it is now."""
    connection.execute(
        _NOTE,
        {
            "delivery_id": delivery_id,
            "position": part.position,
            "text": part.text,
            "status": part.status,
            "provider_message_id": part.provider_message_id,
            "error_code": part.error_code,
        },
    )


def mark_sending(connection: Connection, delivery_id: str, position: int) -> None:
    """Note that the part is about to leave."""
    connection.execute(_MARK_SENDING, {"of_delivery": delivery_id, "at": position})


def _part(row: Row[Any]) -> ReplyPart:
    return ReplyPart(
        position=row.position,
        text=row.text,
        status=DeliveryStatus(row.status),
        provider_message_id=row.provider_message_id,
        error_code=row.error_code,
    )
