"""UnknownReports over PostgreSQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, exists, select, tuple_

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.message_outcomes import STATUS
from shared.adapters.postgres.schema import message_events, provider_messages

_ABOUT_IT = (
    (message_events.c.kind == STATUS)
    & (message_events.c.channel == provider_messages.c.channel)
    & (message_events.c.item_id == provider_messages.c.provider_message_id)
)


class PostgresUnknownReports:
    """Implements `UnknownReports`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self, *, before: datetime, limit: int) -> int:
        """See `UnknownReports.forget`. What another transaction has in hand at this moment is left to the next time."""
        return await self._database.run(lambda connection: _forget(connection, before, limit))


def _forget(connection: Connection, before: datetime, limit: int) -> int:
    unknown = connection.execute(
        select(provider_messages.c.channel, provider_messages.c.provider_message_id)
        .where(
            provider_messages.c.message_id.is_(None),
            provider_messages.c.noted_at < before,
            ~exists().where(_ABOUT_IT, message_events.c.recorded_at >= before),
        )
        .order_by(provider_messages.c.noted_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not unknown:
        return 0
    names = [(row.channel, row.provider_message_id) for row in unknown]
    connection.execute(
        delete(message_events).where(
            message_events.c.kind == STATUS,
            tuple_(message_events.c.channel, message_events.c.item_id).in_(names),
            message_events.c.recorded_at < before,
        )
    )
    connection.execute(
        delete(provider_messages).where(
            tuple_(provider_messages.c.channel, provider_messages.c.provider_message_id).in_(names)
        )
    )
    return len(names)
