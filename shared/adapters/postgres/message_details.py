"""What became of the messages of a page: the parts that each was sent as, and everything reported about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, true

from shared.adapters.postgres.column_types import is_one_of
from shared.adapters.postgres.delivery_parts import read_outcome
from shared.adapters.postgres.message_outcomes import STATUS
from shared.adapters.postgres.schema import deliveries, delivery_parts, message_events
from shared.domain.message import DeliveryStatus
from shared.domain.reply import place_of
from shared.ports.history import StatusReport, StoredPart

_Place = tuple[str, int]
"""A message and the position of one of its parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDetails:
    """What is known of a message beside its own row."""

    parts: tuple[StoredPart, ...] = ()
    statuses: tuple[StatusReport, ...] = ()


NOTHING = MessageDetails()


def load_details(
    connection: Connection, rows: Sequence[Row[Any]], *, recorded_before: datetime | None = None
) -> dict[str, MessageDetails]:
    """The details of those rows of `messages` that have any, by message id; two queries for all of them.

    With `recorded_before`, what came in later is not told.
    """
    ours = [row for row in rows if row.direction == "outbound" and row.call_sid is None]
    if not ours:
        return {}
    sent = connection.execute(
        select(deliveries.c.reply_id, deliveries.c.id.label("of_delivery"), delivery_parts)
        .outerjoin_from(deliveries, delivery_parts, delivery_parts.c.delivery_id == deliveries.c.id)
        .where(is_one_of(deliveries.c.reply_id, [row.id for row in ours]))
        .order_by(delivery_parts.c.position)
    ).all()
    known = {(row.channel, row.provider_message_id): (row.id, 1) for row in ours if row.provider_message_id}
    channels = {row.id: row.channel for row in ours}
    parts: dict[str, list[StoredPart]] = defaultdict(list)
    messages: dict[str, str] = {}
    for row in sent:
        messages[row.of_delivery] = row.reply_id
        if row.position is not None:
            parts[row.reply_id].append(StoredPart.of(read_outcome(row)))
            known[channels[row.reply_id], row.provider_message_id] = (row.reply_id, row.position)
    statuses = _statuses(connection, known, messages, channels, recorded_before)
    return {row.id: MessageDetails(parts=tuple(parts[row.id]), statuses=tuple(statuses[row.id])) for row in ours}


def _statuses(
    connection: Connection,
    known: dict[tuple[str, str], _Place],
    messages: dict[str, str],
    channels: dict[str, str],
    recorded_before: datetime | None,
) -> dict[str, list[StatusReport]]:
    """The reports about messages that are known by their provider ids, or by the deliveries that the reports name."""
    is_about_them: ColumnElement[bool] = is_one_of(message_events.c.item_id, {name for _, name in known if name})
    if messages:
        parts = range(1, max((position for _, position in known.values()), default=1) + 1)
        names = [name for delivery in messages for name in (delivery, *(f"{delivery}.{place}" for place in parts))]
        is_about_them |= is_one_of(message_events.c.correlation_id, names)
    events = connection.execute(
        select(message_events)
        .where(
            message_events.c.kind == STATUS,
            message_events.c.channel.in_(sorted(set(channels.values()))),
            is_about_them,
            true() if recorded_before is None else message_events.c.recorded_at < recorded_before,
        )
        .order_by(message_events.c.occurred_at, message_events.c.id)
    )
    reports: dict[str, list[StatusReport]] = defaultdict(list)
    for event in events:
        place = known.get((event.channel, event.item_id)) or _named(event, messages, channels)
        if place is not None:
            message_id, position = place
            reports[message_id].append(_report(event, position))
    return reports


def _named(event: Row[Any], messages: dict[str, str], channels: dict[str, str]) -> _Place | None:
    if event.correlation_id is None:
        return None
    delivery_id, position = place_of(event.correlation_id)
    message_id = messages.get(delivery_id)
    if message_id is None or channels[message_id] != event.channel:
        return None
    return message_id, position


def _report(event: Row[Any], position: int) -> StatusReport:
    return StatusReport(
        status=None if event.status is None else DeliveryStatus(event.status),
        reported=event.reported,
        at=event.occurred_at,
        error_code=event.error_code,
        error_title=event.error_title,
        part=position,
    )
