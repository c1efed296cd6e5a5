"""CallBacks over PostgreSQL."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.adapters.postgres import conversations
from shared.adapters.postgres.cursors import read_cursor, write_cursor
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.identifiers import is_id
from shared.adapters.postgres.schema import call_backs, messages
from shared.adapters.postgres.schema import conversations as conversation_rows
from shared.domain.call import VOICE_CHANNEL
from shared.domain.call_back import PENDING, CallBack, CallBackState, WhoRings
from shared.domain.conversation import ConversationKey, Speaker
from shared.domain.message import MessageKind
from shared.errors import InvalidRequest, NotFound, VersionConflict
from shared.ports.history import PAGE_LIMIT, Page

_NO_SUCH = "There is no such call back."


class PostgresCallBacks:
    """Implements `CallBacks`. A caller who was silent for `conversation_gap_hours` begins a new conversation."""

    def __init__(self, database: Database, *, conversation_gap_hours: int = 24) -> None:
        self._database = database
        self._gap = timedelta(hours=conversation_gap_hours)

    async def promise(self, call_back: CallBack) -> CallBack:
        """See `CallBacks.promise`."""
        return await self._database.run(lambda connection: _promise(connection, call_back))

    async def pending(self, phone_number: str, *, besides: str) -> int:
        """See `CallBacks.pending`."""
        query = select(func.count()).where(
            call_backs.c.phone_number == phone_number,
            call_backs.c.id != besides,
            call_backs.c.wanted == WhoRings.AGENT,
            call_backs.c.state.in_(PENDING),
        )
        return await self._database.run_alone(lambda connection: int(connection.execute(query).scalar_one()))

    async def promised_in(self, call_back: CallBack) -> ConversationKey:
        """See `CallBacks.promised_in`."""
        query = select(conversation_rows.c.channel, conversation_rows.c.user_id).where(
            conversation_rows.c.id == call_back.conversation_id
        )
        row = await self._database.run_alone(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            raise NotFound("There is no such conversation.")
        return ConversationKey(channel=row.channel, user_id=row.user_id)

    async def set_to_next(self, *, retry_seconds: int) -> CallBack | None:
        """See `CallBacks.set_to_next`."""
        return await self._database.run(lambda connection: _set_to_next(connection, retry_seconds))

    async def note_about(self, call_back: CallBack, note: str) -> ConversationKey:
        """See `CallBacks.note_about`."""
        return await self._database.run(lambda connection: _note_about(connection, call_back, note, self._gap))

    async def note_call(self, call_back: CallBack, call_sid: str) -> bool:
        """See `CallBacks.note_call`."""
        return await self._change(call_back, {"call_sid": call_sid})

    async def settle(self, call_back: CallBack, state: CallBackState) -> bool:
        """See `CallBacks.settle`."""
        return await self._change(call_back, {"state": state})

    async def strike(self, call_back_id: str, state: CallBackState) -> CallBack:
        """See `CallBacks.strike`."""
        if not is_id(call_back_id):
            raise NotFound(_NO_SUCH)
        return await self._database.run(lambda connection: _strike(connection, call_back_id, state))

    async def page(
        self, *, state: CallBackState | None, wanted: WhoRings | None, cursor: str | None, limit: int
    ) -> Page[CallBack]:
        """See `CallBacks.page`."""
        query = select(call_backs)
        if state is not None:
            query = query.where(call_backs.c.state == state)
        if wanted is not None:
            query = query.where(call_backs.c.wanted == wanted)
        if cursor is not None:
            at, last = read_cursor(cursor)
            if not is_id(last):
                raise InvalidRequest("The cursor is not one of ours.")
            query = query.where(
                tuple_(call_backs.c.due_at, call_backs.c.id) < tuple_(at, literal(last, call_backs.c.id.type))
            )
        limit = min(max(limit, 1), PAGE_LIMIT)
        query = query.order_by(call_backs.c.due_at.desc(), call_backs.c.id.desc()).limit(limit + 1)
        rows = await self._database.run_alone(lambda connection: connection.execute(query).all())
        is_last = len(rows) <= limit
        next_cursor = None if is_last else write_cursor(rows[limit - 1].due_at, rows[limit - 1].id)
        return Page(items=tuple(_call_back(row) for row in rows[:limit]), next_cursor=next_cursor)

    async def _change(self, call_back: CallBack, values: dict[str, Any]) -> bool:
        """Change a promise that is still in the hands of whoever set to it."""
        change = (
            update(call_backs)
            .where(_has_id(call_back.id), call_backs.c.attempts == call_back.attempts)
            .where(call_backs.c.state == CallBackState.RINGING)
            .values(**values, updated_at=func.clock_timestamp())
        )
        return await self._database.run(lambda connection: bool(connection.execute(change).rowcount))


def _promise(connection: Connection, call_back: CallBack) -> CallBack:
    values = {name: getattr(call_back, name) for name in CallBack.__dataclass_fields__}
    connection.execute(upsert(call_backs).values(values).on_conflict_do_nothing(index_elements=[call_backs.c.id]))
    return _call_back(connection.execute(select(call_backs).where(_has_id(call_back.id))).one())


def _set_to_next(connection: Connection, retry_seconds: int) -> CallBack | None:
    now = func.clock_timestamp()
    is_due = (call_backs.c.state == CallBackState.DUE) & (call_backs.c.due_at <= now)
    was_left = (call_backs.c.state == CallBackState.RINGING) & (
        call_backs.c.updated_at <= now - timedelta(seconds=retry_seconds)
    )
    # Who comes second takes the next one and waits for nobody.
    chosen = (
        select(call_backs.c.id)
        .where(call_backs.c.wanted == WhoRings.AGENT, is_due | was_left)
        .order_by(call_backs.c.due_at, call_backs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    row = connection.execute(
        update(call_backs)
        .where(call_backs.c.id == chosen)
        .values(state=CallBackState.RINGING, attempts=call_backs.c.attempts + 1, updated_at=now)
        .returning(call_backs)
    ).one_or_none()
    return None if row is None else _call_back(row)


def _note_about(connection: Connection, call_back: CallBack, note: str, gap: timedelta) -> ConversationKey:
    key = ConversationKey(channel=VOICE_CHANNEL, user_id=call_back.phone_number)
    conversations.lock_user(connection, key, None)
    now = connection.execute(select(func.clock_timestamp())).scalar_one()
    conversation_id = conversations.find_or_open(connection, key, at=now, gap=gap).id
    stored = connection.execute(
        upsert(messages)
        .values(
            id=str(uuid.uuid5(uuid.UUID(call_back.id), "note")),
            conversation_id=conversation_id,
            channel=key.channel,
            user_id=key.user_id,
            direction="internal",
            speaker=Speaker.SYSTEM,
            kind=MessageKind.TEXT,
            text=note,
            sent_at=now,
        )
        .on_conflict_do_nothing(index_elements=[messages.c.id])
    )
    if stored.rowcount:
        conversations.note_message(connection, conversation_id, at=now)
    return key


def _strike(connection: Connection, call_back_id: str, state: CallBackState) -> CallBack:
    row = connection.execute(select(call_backs).where(_has_id(call_back_id)).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(_NO_SUCH)
    if row.state == state:
        return _call_back(row)
    if row.state not in PENDING:
        raise VersionConflict(f"The call back is {row.state} already.")
    changed = connection.execute(
        update(call_backs)
        .where(_has_id(call_back_id))
        .values(state=state, updated_at=func.clock_timestamp())
        .returning(call_backs)
    ).one()
    return _call_back(changed)


def _has_id(call_back_id: str) -> ColumnElement[bool]:
    return call_backs.c.id == call_back_id


def _call_back(row: Row[Any]) -> CallBack:
    return CallBack(
        id=row.id,
        conversation_id=row.conversation_id,
        wanted=WhoRings(row.wanted),
        agent_id=row.agent_id,
        phone_number=row.phone_number,
        about=row.about,
        due_at=row.due_at,
        state=CallBackState(row.state),
        attempts=row.attempts,
        call_sid=row.call_sid,
    )
