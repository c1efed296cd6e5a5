"""What hangs on a user's messages, and the order in which it can be removed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, or_, select, true, update

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
    # Two questions, each with an index of its own: with "or" between them PostgreSQL would read the whole table.
    delivery_ids = {
        delivery_id
        for column in (deliveries.c.message_id, deliveries.c.reply_id)
        for delivery_id in connection.execute(select(deliveries.c.id).where(column.in_(ids))).scalars()
    }
    own_names = [(row.channel, row.provider_message_id) for row in found if row.provider_message_id is not None]
    reports = _Reports.about(connection, own_names, ids, delivery_ids)
    _let_go(connection, ids)
    steps: list[tuple[Table, ColumnElement[bool]]] = [
        *((message_events, which) for which in reports.events()),
        (delivery_parts, delivery_parts.c.delivery_id.in_(delivery_ids)),
        (deliveries, deliveries.c.id.in_(delivery_ids)),
        (media, media.c.message_id.in_(ids)),
        *((provider_messages, which) for which in reports.names()),
        (provider_messages, provider_messages.c.message_id.in_(ids)),
        (messages, messages.c.id.in_(ids)),
    ]
    erased: Counts = Counter()
    for table, which in steps:
        erased[table.name] += connection.execute(delete(table).where(which)).rowcount
    return erased


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reports:
    """By what the statuses of some messages are known: the provider's names, by channel, and our own."""

    provider_ids: dict[str, set[str]]
    correlation_ids: set[str]

    @classmethod
    def about(
        cls, connection: Connection, own_names: list[tuple[str, str]], ids: list[str], delivery_ids: set[str]
    ) -> _Reports:
        """Read them, while they are still there."""
        provider_ids: dict[str, set[str]] = defaultdict(set)
        known = select(provider_messages.c.channel, provider_messages.c.provider_message_id)
        reported = connection.execute(known.where(provider_messages.c.message_id.in_(ids))).all()
        for channel, name in (*own_names, *reported):
            provider_ids[channel].add(name)
        parts = select(delivery_parts.c.delivery_id, delivery_parts.c.position)
        of_parts = {
            f"{row.delivery_id}.{row.position}"
            for row in connection.execute(parts.where(delivery_parts.c.delivery_id.in_(delivery_ids)))
        }
        return cls(provider_ids=provider_ids, correlation_ids=delivery_ids | of_parts)

    def events(self) -> Iterator[ColumnElement[bool]]:
        """The statuses, in conditions that have an index each."""
        for channel, names in self.provider_ids.items():
            is_here = (message_events.c.channel == channel) & (message_events.c.kind == "status")
            yield is_here & message_events.c.item_id.in_(names)
        yield message_events.c.correlation_id.in_(self.correlation_ids)

    def names(self) -> Iterator[ColumnElement[bool]]:
        """The rows where statuses and messages meet."""
        for channel, names in self.provider_ids.items():
            yield (provider_messages.c.channel == channel) & provider_messages.c.provider_message_id.in_(names)


def _let_go(connection: Connection, ids: list[str]) -> None:
    """Messages refer to one another, and not all of them are removed at once."""
    for reference in (messages.c.answers_id, messages.c.joined_to):
        connection.execute(update(messages).where(reference.in_(ids)).values({reference: None}))
