"""SummaryStore over PostgreSQL: the running summary stands in the conversation's row."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.identifiers import is_id
from shared.adapters.postgres.past_turns import IS_OVER, IS_PAST, TURN_COLUMNS, turns_of
from shared.adapters.postgres.schema import conversations, messages
from shared.ports.summaries import PastTurn, Unsummarised


class PostgresSummaryStore:
    """Implements `SummaryStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unsummarised(self, conversation_id: str, *, limit: int) -> Unsummarised | None:
        """See `SummaryStore.unsummarised`."""
        if not is_id(conversation_id):
            return None
        return await self._database.run(lambda connection: _unsummarised(connection, conversation_id, limit))

    async def keep(self, conversation_id: str, summary: str, *, read_until: int, until: int) -> bool:
        """See `SummaryStore.keep`."""
        if not is_id(conversation_id):
            return False
        statement = (
            update(conversations)
            .where(conversations.c.id == conversation_id, conversations.c.summarised_until == read_until)
            .values(summary=summary, summarised_until=until)
        )
        return await self._database.run(lambda connection: connection.execute(statement).rowcount == 1)


def _unsummarised(connection: Connection, conversation_id: str, limit: int) -> Unsummarised | None:
    kept = connection.execute(
        select(conversations.c.summary, conversations.c.summarised_until).where(conversations.c.id == conversation_id)
    ).one_or_none()
    if kept is None:
        return None
    here = messages.c.conversation_id == conversation_id
    # What is still being answered, and all that came later, is left for the next time: a summary has no gaps.
    unfinished = select(func.min(messages.c.arrival)).where(here, ~IS_OVER).scalar_subquery()
    rows = connection.execute(
        select(messages.c.arrival, *TURN_COLUMNS)
        .where(
            here,
            messages.c.arrival > kept.summarised_until,
            unfinished.is_(None) | (messages.c.arrival < unfinished),
            IS_PAST,
        )
        .order_by(messages.c.arrival)
        .limit(limit)
    ).all()
    turns = tuple(PastTurn(turn=turn, arrival=row.arrival) for row in rows for turn in turns_of(row))
    return Unsummarised(summary=kept.summary, until=kept.summarised_until, turns=turns)
