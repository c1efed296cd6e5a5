"""What hangs on a user's messages, and the order in which it can be removed."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, or_, select, true, tuple_, update

from shared.adapters.postgres.schema import (
    deliveries,
    delivery_parts,
    media,
    message_events,
    messages,
    provider_messages,
)
from shared.domain.erasure import Counts, MessageTrace, Subject


def owned_by(table: Table, subject: Subject) -> ColumnElement[bool]:
    """The rows of a table with `channel` and `user_id` that are the user's."""
    here = true() if subject.channel is None else table.c.channel == subject.channel
    return here & table.c.user_id.in_(subject.identities)


def select_files(subject: Subject, *, after: MessageTrace | None) -> Select[Any]:
    """Messages with files, or with a reply that is more than text, and the keys that rows name; by their ids."""
    keys = select(func.array_agg(media.c.key)).where(media.c.message_id == messages.c.id, media.c.key.is_not(None))
    has_files = select(media.c.message_id).where(media.c.message_id == messages.c.id).exists()
    has_content = (
        select(deliveries.c.id)
        .where(deliveries.c.message_id == messages.c.id, deliveries.c.content.is_not(None))
        .exists()
    )
    query = select(messages.c.id, messages.c.channel, messages.c.sent_at, keys.scalar_subquery().label("keys")).where(
        owned_by(messages, subject), or_(has_files, has_content)
    )
    if after is not None:
        query = query.where(messages.c.id > after.message_id)
    return query.order_by(messages.c.id)


def delete_messages(connection: Connection, subject: Subject, limit: int) -> Counts:
    """Some messages and everything that refers to them; nothing when there are none."""
    found = connection.execute(
        select(messages.c.id, messages.c.channel, messages.c.provider_message_id)
        .where(owned_by(messages, subject))
        .order_by(messages.c.user_id, messages.c.sent_at)
        .limit(limit)
        .with_for_update()
    ).all()
    if not found:
        return Counter()
    ids = [row.id for row in found]
    sent = connection.execute(
        select(deliveries.c.id).where(deliveries.c.message_id.in_(ids) | deliveries.c.reply_id.in_(ids))
    ).scalars()
    delivery_ids = list(sent)
    provider_ids = _provider_ids(connection, ids, delivery_ids)
    provider_ids |= {(row.channel, row.provider_message_id) for row in found if row.provider_message_id is not None}
    _let_go(connection, ids)
    reported = tuple_(provider_messages.c.channel, provider_messages.c.provider_message_id)
    steps = [
        (message_events, _about(provider_ids, delivery_ids)),
        (delivery_parts, delivery_parts.c.delivery_id.in_(delivery_ids)),
        (deliveries, deliveries.c.id.in_(delivery_ids)),
        (media, media.c.message_id.in_(ids)),
        (provider_messages, provider_messages.c.message_id.in_(ids) | reported.in_(provider_ids)),
        (messages, messages.c.id.in_(ids)),
    ]
    return Counter({table.name: connection.execute(delete(table).where(which)).rowcount for table, which in steps})


def _provider_ids(connection: Connection, ids: list[str], delivery_ids: list[str]) -> set[tuple[str, str]]:
    """The names under which the provider reported about the messages."""
    known = connection.execute(
        select(provider_messages.c.channel, provider_messages.c.provider_message_id).where(
            provider_messages.c.message_id.in_(ids)
        )
    )
    parts = connection.execute(
        select(messages.c.channel, delivery_parts.c.provider_message_id)
        .join(deliveries, deliveries.c.id == delivery_parts.c.delivery_id)
        .join(messages, messages.c.id == deliveries.c.message_id)
        .where(deliveries.c.id.in_(delivery_ids), delivery_parts.c.provider_message_id.is_not(None))
    )
    return {(row[0], row[1]) for rows in (known, parts) for row in rows}


def _about(provider_ids: set[tuple[str, str]], delivery_ids: list[str]) -> ColumnElement[bool]:
    """The statuses of these messages. One that names a part of a delivery names the user too, and is found by that."""
    named = tuple_(message_events.c.channel, message_events.c.item_id).in_(provider_ids)
    return (message_events.c.kind == "status") & (named | message_events.c.correlation_id.in_(delivery_ids))


def _let_go(connection: Connection, ids: list[str]) -> None:
    """Messages refer to one another, and not all of them are removed at once."""
    for reference in (messages.c.answers_id, messages.c.joined_to):
        connection.execute(update(messages).where(reference.in_(ids)).values({reference: None}))
