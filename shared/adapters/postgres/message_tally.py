"""MessageTally over PostgreSQL: what the providers' statuses said about the messages of a month."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import partial

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import delivery_parts
from shared.domain.cost import MessagesSent, first_of_month

# Told as a constant, so that the index which leaves the failed ones out is known to hold all that is wanted.
_FAILED: ColumnElement[str] = literal_column("'failed'")


class PostgresMessageTally:
    """Implements `MessageTally`; only reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def monthly(self, *, since: date, until: date) -> tuple[MessagesSent, ...]:
        """See `MessageTally.monthly`. A month is one query, so that a busy year needs no longer than a busy month."""
        found: list[MessagesSent] = []
        month = since
        while month < until:
            found += await self._database.run(partial(_count, month=month))
            month = first_of_month(month, months_before=-1)
        return tuple(found)


def _count(connection: Connection, *, month: date) -> list[MessagesSent]:
    amount = func.count().label("amount")
    rows = connection.execute(
        select(delivery_parts.c.channel, delivery_parts.c.category, delivery_parts.c.is_billable, amount)
        .where(
            delivery_parts.c.taken_at >= _midnight(month),
            delivery_parts.c.taken_at < _midnight(first_of_month(month, months_before=-1)),
            delivery_parts.c.status != _FAILED,
        )
        .group_by(delivery_parts.c.channel, delivery_parts.c.category, delivery_parts.c.is_billable)
        .order_by(amount.desc(), delivery_parts.c.channel, delivery_parts.c.category, delivery_parts.c.is_billable)
    )
    return [
        MessagesSent(
            month=month,
            channel=row.channel or "",
            category=row.category,
            is_billable=row.is_billable,
            messages=row.amount,
        )
        for row in rows
    ]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
