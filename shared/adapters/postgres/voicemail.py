"""VoicemailMessages over PostgreSQL: a column of the call."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import calls
from shared.errors import NotFound


class PostgresVoicemailMessages:
    """Implements `VoicemailMessages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, call_sid: str, text: str) -> None:
        """See `VoicemailMessages.keep`."""

        def work(connection: Connection) -> int:
            kept = connection.execute(
                update(calls)
                .where(calls.c.call_sid == call_sid)
                .values(voicemail_message=func.coalesce(calls.c.voicemail_message, text))
            )
            return kept.rowcount

        if not await self._database.run(work):
            raise NotFound("There is no such call.")

    async def find(self, call_sid: str) -> str | None:
        """See `VoicemailMessages.find`."""

        def work(connection: Connection) -> str | None:
            query = select(calls.c.voicemail_message).where(calls.c.call_sid == call_sid)
            return connection.execute(query).scalar_one_or_none()

        return await self._database.run(work)
