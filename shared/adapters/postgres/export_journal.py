"""ExportJournal and ExportedHours over PostgreSQL: a row for each hour that was begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    case,
    func,
    literal,
    select,
    union,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.adapters.postgres.column_types import Moment
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.erasure_tables import owned_by
from shared.adapters.postgres.schema import calls, conversations, exports, messages
from shared.domain.erasure import Subject
from shared.domain.export import HOUR, Dataset, ExportedPart, ExportHour, PersonalData, full_hour
from shared.errors import LeaseLost, StoreUnavailable
from shared.ports.exports import HourClaim, RowPlace

_NEW = upsert(exports)
_IS_FREE = exports.c.lease_until.is_(None) | (exports.c.lease_until < func.clock_timestamp())
_IS_CLEAR = func.cardinality(exports.c.clear_for) == 0
_UNTOUCHED: dict[str, Any] = {
    "personal_data": None,
    "parts": [],
    "exported_until": None,
    "exported_id": None,
    "lease_until": None,
    "finished_at": None,
}


class PostgresExportJournal:
    """Implements both ports; leases run by the database's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unfinished(
        self,
        dataset: Dataset,
        *,
        first_at: datetime | None,
        until: datetime,
        limit: int,
        not_before: datetime | None = None,
    ) -> Sequence[ExportHour]:
        """See `ExportJournal.unfinished`."""
        return await self._database.run(
            lambda connection: _unfinished(connection, dataset, first_at, until, limit, not_before)
        )

    async def claim(self, hour: ExportHour, personal_data: PersonalData, *, lease_seconds: int) -> HourClaim | None:
        """See `ExportJournal.claim`."""
        begun = case((exports.c.parts == [], _NEW.excluded.personal_data), else_=exports.c.personal_data)
        statement = (
            _NEW.values(
                dataset=hour.dataset,
                hour=hour.starts_at,
                personal_data=personal_data,
                fence=1,
                lease_until=_from_now(lease_seconds),
            )
            .on_conflict_do_update(
                index_elements=[exports.c.dataset, exports.c.hour],
                set_={
                    "personal_data": begun,
                    "fence": exports.c.fence + 1,
                    "lease_until": _NEW.excluded.lease_until,
                },
                where=and_(exports.c.finished_at.is_(None), _IS_CLEAR, _IS_FREE),
            )
            .returning(exports)
        )
        row = await self._database.run_alone(lambda connection: connection.execute(statement).one_or_none())
        if row is None:
            return None
        return HourClaim(
            hour=hour,
            fence=row.fence,
            personal_data=PersonalData(row.personal_data),
            parts=tuple(ExportedPart(**part) for part in row.parts),
            after=None if row.exported_id is None else RowPlace(at=row.exported_until, id=row.exported_id),
        )

    async def keep(self, claim: HourClaim, *, lease_seconds: int) -> None:
        """See `ExportJournal.keep`."""
        after = claim.after
        await self._change(
            claim,
            parts=[asdict(part) for part in claim.parts],
            exported_until=None if after is None else after.at,
            exported_id=None if after is None else after.id,
            lease_until=_from_now(lease_seconds),
        )

    async def finish(self, claim: HourClaim) -> None:
        """See `ExportJournal.finish`."""
        await self._change(claim, finished_at=func.clock_timestamp(), lease_until=None)

    async def give_back(self, claim: HourClaim) -> None:
        """See `ExportJournal.give_back`."""
        own = _is(claim.hour) & (exports.c.fence == claim.fence)
        statement = update(exports).where(own).values(lease_until=None)
        await self._database.run_alone(lambda connection: connection.execute(statement))

    async def count(self, subject: Subject) -> int:
        """See `ExportedHours.count`."""
        hours = _hours_of(subject).subquery()
        query = select(func.count()).select_from(hours)
        return await self._database.run_alone(lambda connection: int(connection.execute(query).scalar_one()))

    async def mark(self, subject: Subject, *, erased: str) -> int:
        """See `ExportedHours.mark`."""
        hours = _hours_of(subject).subquery()
        marked = select(hours.c.dataset, hours.c.hour, postgresql.array([literal(erased, Text)]))
        new = upsert(exports).from_select(["dataset", "hour", "clear_for"], marked)
        others = func.array_remove(exports.c.clear_for, erased)
        statement = new.on_conflict_do_update(
            index_elements=[exports.c.dataset, exports.c.hour], set_={"clear_for": func.array_append(others, erased)}
        )
        return await self._database.run_alone(lambda connection: connection.execute(statement).rowcount)

    async def marked(self, *, erased: str, limit: int) -> Sequence[ExportHour]:
        """See `ExportedHours.marked`."""
        query = (
            select(exports.c.dataset, exports.c.hour, _IS_FREE.label("is_free"))
            .where(exports.c.clear_for.contains([erased]))
            .order_by(exports.c.hour, exports.c.dataset)
            .limit(limit)
        )
        rows = await self._database.run_alone(lambda connection: connection.execute(query).all())
        free = [_hour(row.dataset, row.hour) for row in rows if row.is_free]
        if rows and not free:
            raise StoreUnavailable("An hour is being exported; in two minutes it is not.")
        return free

    async def cleared(self, hour: ExportHour, *, erased: str) -> None:
        """See `ExportedHours.cleared`."""
        others = func.array_remove(exports.c.clear_for, erased)
        statement = update(exports).where(_is(hour)).values(clear_for=others, **_UNTOUCHED)
        await self._database.run_alone(lambda connection: connection.execute(statement))

    async def _change(self, claim: HourClaim, **values: Any) -> None:
        is_mine = and_(_is(claim.hour), exports.c.fence == claim.fence, _IS_CLEAR)
        statement = update(exports).where(is_mine, exports.c.finished_at.is_(None)).values(**values)
        changed = await self._database.run_alone(lambda connection: connection.execute(statement).rowcount)
        if changed == 0:
            raise LeaseLost("Somebody else has the hour now.")


def _unfinished(
    connection: Connection,
    dataset: Dataset,
    first_at: datetime | None,
    until: datetime,
    limit: int,
    not_before: datetime | None,
) -> list[ExportHour]:
    known = select(func.min(exports.c.hour)).where(exports.c.dataset == dataset)
    first = connection.execute(select(func.least(known.scalar_subquery(), literal(first_at, Moment)))).scalar_one()
    if first is None:
        return []
    first = full_hour(first if not_before is None else max(first, not_before))
    at = func.generate_series(
        literal(first, Moment), literal(until - HOUR, Moment), literal(HOUR), type_=Moment
    ).column_valued("at")
    done = and_(exports.c.dataset == dataset, exports.c.hour == at, exports.c.finished_at.is_not(None))
    query = select(at).where(~select(exports.c.hour).where(done).exists()).order_by(at).limit(limit)
    return [_hour(dataset, starts_at) for starts_at in connection.execute(query).scalars()]


def _hours_of(subject: Subject) -> Select[Any]:
    """The hours in which rows of the user lie."""
    own_calls = calls.c.conversation_id.in_(select(conversations.c.id).where(owned_by(conversations, subject)))
    settled_at = func.coalesce(messages.c.settled_at, messages.c.stored_at)
    over_at = func.coalesce(calls.c.settled_at, calls.c.ended_at, calls.c.started_at)
    is_mine = owned_by(messages, subject)
    hours = union(
        _hours(Dataset.CONVERSATIONS, messages.c.stored_at, is_mine),
        _hours(Dataset.TRACES, settled_at, is_mine & (messages.c.state == "done")),
        _hours(Dataset.CALLS, over_at, own_calls),
    ).subquery()
    return select(hours.c.dataset, hours.c.hour)


def _hours(dataset: Dataset, at: ColumnElement[Any], which: ColumnElement[bool]) -> Select[Any]:
    return select(literal(dataset.value).label("dataset"), func.date_trunc("hour", at, "UTC").label("hour")).where(
        which
    )


def _is(hour: ExportHour) -> ColumnElement[bool]:
    return (exports.c.dataset == hour.dataset) & (exports.c.hour == hour.starts_at)


def _hour(dataset: str, starts_at: datetime) -> ExportHour:
    return ExportHour(dataset=Dataset(dataset), starts_at=starts_at.astimezone(UTC))


def _from_now(seconds: int) -> ColumnElement[datetime]:
    return func.clock_timestamp() + timedelta(seconds=seconds)
