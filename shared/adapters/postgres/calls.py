"""CallStore over PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared import tracing
from shared.adapters.postgres import conversations
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.identifiers import new_id
from shared.adapters.postgres.schema import calls, messages, recordings
from shared.adapters.postgres.schema import conversations as conversation_rows
from shared.domain.call import VOICE_CHANNEL, Call, CallDirection, CallState, StreamTicket
from shared.domain.conversation import ConversationKey
from shared.domain.json_value import JSON
from shared.domain.message import MessageKind
from shared.ports.stores import CallTurn

_OVER = (CallState.ENDED, CallState.FAILED)
_NOTE_AGENT = (
    update(calls)
    .where(calls.c.call_sid == bindparam("sid"))
    .values(agent_id=bindparam("spoke_last"))
    .execution_options(is_awaited=False)
)


class PostgresCallStore:
    """Implements `CallStore`. A caller who was silent for `conversation_gap_hours` begins a new conversation."""

    def __init__(self, database: Database, *, conversation_gap_hours: int = 24) -> None:
        self._database = database
        self._gap = timedelta(hours=conversation_gap_hours)

    async def open(self, ticket: StreamTicket, *, started_at: datetime) -> Call:
        """See `CallStore.open`; a call that resumes is no longer over."""
        return await self._database.run(lambda connection: _open(connection, ticket, started_at, self._gap))

    async def answered(self, call_sid: str, *, at: datetime) -> None:
        """See `CallStore.answered`; the first time stands."""
        await self._database.run(
            lambda connection: connection.execute(
                update(calls)
                .where(calls.c.call_sid == call_sid, calls.c.state.not_in(_OVER))
                .values(state=CallState.LIVE, answered_at=func.coalesce(calls.c.answered_at, at))
            )
        )

    async def add_turn(self, turn: CallTurn) -> None:
        """See `CallStore.add_turn`."""
        await self._database.run(lambda connection: _add_turn(connection, turn))

    async def close(self, call_sid: str, *, ended_at: datetime, reason: str, has_failed: bool = False) -> Call | None:
        """See `CallStore.close`."""

        def work(connection: Connection) -> Call | None:
            connection.execute(
                update(calls)
                .where(calls.c.call_sid == call_sid, calls.c.state.not_in(_OVER))
                .values(state=CallState.FAILED if has_failed else CallState.ENDED, ended_at=ended_at, end_reason=reason)
            )
            return find_call(connection, call_sid)

        return await self._database.run(work)

    async def attach_recording(self, call_sid: str, *, key: str, duration_ms: int) -> None:
        """See `CallStore.attach_recording`; the latest one stands, an unknown call is left alone."""
        await self._database.run(lambda connection: _attach(connection, call_sid, key, duration_ms))


def select_calls() -> Select[Any]:
    """Calls with their recordings, as `read_call` wants them."""
    return select(calls, recordings.c.key, recordings.c.duration_ms).outerjoin_from(calls, recordings)


def find_call(connection: Connection, call_sid: str) -> Call | None:
    """The call's record, if there is one."""
    row = connection.execute(select_calls().where(calls.c.call_sid == call_sid)).one_or_none()
    return None if row is None else read_call(row)


def read_call(row: Row[Any]) -> Call:
    """A row of `select_calls` as a value."""
    return Call(
        call_sid=row.call_sid,
        conversation_id=row.conversation_id,
        caller_id=row.caller_id,
        business_id=row.business_id,
        direction=CallDirection(row.direction),
        state=CallState(row.state),
        started_at=row.started_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        recording_key=row.key,
        recording_ms=row.duration_ms,
        trace_id=row.trace_id,
    )


def note_agent(connection: Connection, call_sid: JSON, agent_id: str | None) -> None:
    """Note which agent spoke last in the call, if it was one and if there is a call."""
    if agent_id is not None and isinstance(call_sid, str):
        connection.execute(_NOTE_AGENT, {"sid": call_sid, "spoke_last": agent_id})


def _open(connection: Connection, ticket: StreamTicket, started_at: datetime, gap: timedelta) -> Call:
    key = ConversationKey(channel=VOICE_CHANNEL, user_id=ticket.caller_id)
    conversations.lock_user(connection, key, None)
    known = find_call(connection, ticket.call_sid)
    if known is not None:
        return known if known.state not in _OVER or not ticket.resumes else _reopen(connection, ticket.call_sid)
    conversation_id = conversations.find_or_open(connection, key, at=started_at, gap=gap).id
    connection.execute(
        upsert(calls)
        .values(
            call_sid=ticket.call_sid,
            conversation_id=conversation_id,
            caller_id=ticket.caller_id,
            business_id=ticket.business_id,
            direction=ticket.direction,
            state=CallState.RINGING,
            started_at=started_at,
            trace_id=tracing.trace_id() or None,
        )
        .on_conflict_do_nothing()
    )
    connection.execute(
        update(conversation_rows)
        .where(conversation_rows.c.id == conversation_id)
        .values(
            last_message_at=func.greatest(conversation_rows.c.last_message_at, started_at),
            last_activity_at=func.clock_timestamp(),
        )
    )
    return _known(connection, ticket.call_sid)


def _reopen(connection: Connection, call_sid: str) -> Call:
    connection.execute(
        update(calls)
        .where(calls.c.call_sid == call_sid)
        .values(state=CallState.RINGING, ended_at=None, end_reason=None)
    )
    return _known(connection, call_sid)


def _known(connection: Connection, call_sid: str) -> Call:
    return read_call(connection.execute(select_calls().where(calls.c.call_sid == call_sid)).one())


def _add_turn(connection: Connection, turn: CallTurn) -> None:
    user = connection.execute(
        select(conversation_rows.c.channel, conversation_rows.c.user_id).where(
            conversation_rows.c.id == turn.conversation_id
        )
    ).one()
    stored = connection.execute(
        upsert(messages)
        .values(
            id=new_id(),
            conversation_id=turn.conversation_id,
            channel=user.channel,
            user_id=user.user_id,
            direction="internal",
            speaker=turn.speaker,
            kind=MessageKind.SPEECH,
            text=turn.text,
            sent_at=turn.at,
            agent_id=turn.agent_id,
            interrupted=turn.interrupted,
            call_sid=turn.call_sid,
            position=turn.position,
            start_ms=turn.start_ms,
            end_ms=turn.end_ms,
            trace_id=tracing.trace_id() or None,
        )
        .on_conflict_do_nothing()
    )
    if stored.rowcount:
        conversations.note_message(connection, turn.conversation_id, at=turn.at, agent_id=turn.agent_id)
        note_agent(connection, turn.call_sid, turn.agent_id)


def _attach(connection: Connection, call_sid: str, key: str, duration_ms: int) -> None:
    if find_call(connection, call_sid) is None:
        return
    row = upsert(recordings).values(call_sid=call_sid, key=key, duration_ms=duration_ms)
    connection.execute(
        row.on_conflict_do_update(index_elements=[recordings.c.call_sid], set_={"key": key, "duration_ms": duration_ms})
    )
