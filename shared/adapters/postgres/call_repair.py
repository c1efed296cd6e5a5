"""UnfinishedCalls over PostgreSQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, tuple_

from shared.adapters.postgres.calls import read_call, select_calls
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import calls, recordings
from shared.domain.call import Call, CallState
from shared.ports.call_repair import CallPeriod

_OPEN = (CallState.RINGING, CallState.LIVE)


class PostgresUnfinishedCalls:
    """Implements `UnfinishedCalls`; the period keeps the search within the index on the start."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def left_open(self, period: CallPeriod, *, after: Call | None, limit: int) -> tuple[Call, ...]:
        """See `UnfinishedCalls.left_open`."""
        return await self._page(calls.c.state.in_(_OPEN), period, after, limit)

    async def without_recording(self, period: CallPeriod, *, after: Call | None, limit: int) -> tuple[Call, ...]:
        """See `UnfinishedCalls.without_recording`."""
        is_over = calls.c.state.not_in(_OPEN) & calls.c.answered_at.is_not(None)
        return await self._page(is_over & recordings.c.key.is_(None), period, after, limit)

    async def _page(
        self, wanted: ColumnElement[bool], period: CallPeriod, after: Call | None, limit: int
    ) -> tuple[Call, ...]:
        place = tuple_(calls.c.started_at, calls.c.call_sid)
        query = (
            select_calls()
            .where(wanted, calls.c.started_at >= period.since, calls.c.started_at < period.until)
            .order_by(calls.c.started_at, calls.c.call_sid)
            .limit(limit)
        )
        if after is not None:
            query = query.where(place > tuple_(after.started_at, after.call_sid))

        def work(connection: Connection) -> tuple[Call, ...]:
            return tuple(read_call(row) for row in connection.execute(query))

        return await self._database.run(work)
