"""Which messages are a conversation's past, and the turns that they stand for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists

from shared.adapters.postgres.schema import messages
from shared.domain.agent import RouteReason
from shared.domain.conversation import Speaker, Turn
from shared.domain.hand_over import hand_over_turns
from shared.domain.message import DeliveryStatus

# What is answered together with a later message is a part of that one's question until it is answered.
_asked = messages.alias("asked")
_is_being_asked = exists().where(_asked.c.id == messages.c.joined_to, _asked.c.state != "done")
IS_OVER = (messages.c.state.is_(None) | (messages.c.state == "done")) & ~_is_being_asked
"""What is still being answered is not part of the past."""
IS_PAST = and_(
    IS_OVER,
    (messages.c.text != "") | (messages.c.route_reason == RouteReason.HANDED_OVER),
    messages.c.delivery_status.is_distinct_from(DeliveryStatus.FAILED),
)
TURN_COLUMNS: tuple[ColumnElement[Any], ...] = (
    messages.c.speaker,
    messages.c.text,
    messages.c.sent_at,
    messages.c.agent_id,
    messages.c.interrupted,
    messages.c.route_reason,
    messages.c.route_detail,
)
NEWEST_FIRST = (messages.c.sent_at.desc(), messages.c.arrival.desc())


def turns_of(row: Row[Any]) -> list[Turn]:
    """The turn, after notes of how agents passed it among each other."""
    turns = hand_over_turns(row.route_reason, row.route_detail, row.agent_id, at=row.sent_at)
    if not row.text:
        return turns
    said = Turn(
        speaker=Speaker(row.speaker),
        text=row.text,
        at=row.sent_at,
        agent_id=row.agent_id,
        interrupted=row.interrupted,
    )
    return [*turns, said]
