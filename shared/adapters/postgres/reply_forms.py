"""In which form users want their replies; `claims` reads it with each claim."""

from __future__ import annotations

from sqlalchemy import Connection, update

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import users
from shared.domain.conversation import ConversationKey
from shared.domain.spoken.voice_requests import ReplyForm


class PostgresReplyForms:
    """Implements ReplyForms on the users' rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, key: ConversationKey, form: ReplyForm) -> None:
        """See `ReplyForms.keep`. The user has a row, because the message that asks was claimed."""

        def work(connection: Connection) -> None:
            connection.execute(
                update(users)
                .where(users.c.channel == key.channel, users.c.user_id == key.user_id)
                .values(reply_by=form.value)
            )

        await self._database.run(work)
