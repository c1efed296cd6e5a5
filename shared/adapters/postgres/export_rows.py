"""ExportRows over PostgreSQL: the hours' rows, each as it was known at one moment that is over."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal, select, text, tuple_

from shared.adapters.postgres.column_types import is_one_of
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.message_details import NOTHING, MessageDetails, load_details
from shared.adapters.postgres.schema import calls, conversations, deliveries, messages, tool_calls
from shared.domain.call import CallState
from shared.domain.export import Dataset, ExportHour
from shared.domain.export_lines import ExportedCall, ExportedMessage, ExportedTurn, ToolStep, Usage
from shared.domain.message import DeliveryStatus, Unanswered, later_status, status_of_parts
from shared.ports.exports import PlacedRow, RowPlace

MARGIN = timedelta(minutes=1)
"""Longer than any statement may take: whoever took its time from the clock before it has its transaction by now."""
_ASKED_AT_MOST = 20
_ASK_AGAIN_SECONDS = 0.5
# An id of its own: what a snapshot names as its end is not the next id, but the first behind those that are done.
_LOOK = text("SELECT pg_current_xact_id()::text AS own, clock_timestamp() AS now")
_OLDEST = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
_MS = timedelta(milliseconds=1)

_reply = messages.alias("reply")
_SETTLED_AT = func.coalesce(messages.c.settled_at, messages.c.stored_at)
_CALL_SETTLED_AT = func.coalesce(calls.c.settled_at, calls.c.ended_at, calls.c.started_at)
_IS_TURN = and_(messages.c.state == "done", messages.c.unanswered_because.is_distinct_from(Unanswered.JOINED))
_IS_OVER = calls.c.state.in_([CallState.ENDED, CallState.FAILED])
_PLACES: dict[Dataset, tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[bool] | None]] = {
    Dataset.CONVERSATIONS: (messages.c.stored_at, messages.c.id, None),
    Dataset.TRACES: (_SETTLED_AT, messages.c.id, _IS_TURN),
    Dataset.CALLS: (_CALL_SETTLED_AT, calls.c.call_sid, _IS_OVER),
}
_SENT = {"sent_status": deliveries.c.status, "sent_change": deliveries.c.updated_at}
_QUERIES: dict[Dataset, Select[Any]] = {
    Dataset.CONVERSATIONS: select(messages, *(column.label(name) for name, column in _SENT.items())).outerjoin_from(
        messages, deliveries, deliveries.c.reply_id == messages.c.id
    ),
    Dataset.TRACES: select(messages, _SETTLED_AT.label("done_at"), _reply.c.id.label("reply_id")).outerjoin_from(
        messages, _reply, _reply.c.answers_id == messages.c.id
    ),
    Dataset.CALLS: select(
        calls, _CALL_SETTLED_AT.label("over_at"), conversations.c.channel, conversations.c.user_id
    ).join_from(calls, conversations, conversations.c.id == calls.c.conversation_id),
}


class PostgresExportRows:
    """Implements `ExportRows`."""

    def __init__(self, database: Database, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._database = database
        self._sleep = sleep

    async def settled_until(self) -> datetime | None:
        """See `ExportRows.settled_until`.

        A row's times are taken while its statement runs. So whatever stored or changed one a margin ago has a
        transaction id below the one that this gets now, and once all below are done, nobody is left who could. Asked
        like this it needs no rights, and it holds behind a proxy.
        """
        look = await self._database.run_alone(lambda connection: connection.execute(_LOOK).one())
        for _ in range(_ASKED_AT_MOST):
            oldest = await self._database.run_alone(lambda connection: connection.execute(_OLDEST).scalar_one())
            if int(oldest) >= int(look.own):
                settled: datetime = look.now - MARGIN
                return settled
            await self._sleep(_ASK_AGAIN_SECONDS)
        return None

    async def first_at(self, dataset: Dataset) -> datetime | None:
        """See `ExportRows.first_at`."""
        at, _, which = _PLACES[dataset]
        query = select(at).order_by(at).limit(1)
        query = query if which is None else query.where(which)
        return await self._database.run_alone(lambda connection: connection.execute(query).scalar_one_or_none())

    async def page(self, hour: ExportHour, *, after: RowPlace | None, limit: int) -> Sequence[PlacedRow]:
        """See `ExportRows.page`."""
        query = page_query(hour, after=after, limit=limit)
        read = _READERS[hour.dataset]
        return await self._database.run(
            lambda connection: read(connection, connection.execute(query).all(), hour.known_until)
        )


def page_query(hour: ExportHour, *, after: RowPlace | None, limit: int) -> Select[Any]:
    """The next rows of the hour; an index has them in this order."""
    at, key, which = _PLACES[hour.dataset]
    query = _QUERIES[hour.dataset].where(at >= hour.starts_at, at < hour.ends_at)
    if which is not None:
        query = query.where(which)
    if after is not None:
        query = query.where(tuple_(at, key) > tuple_(literal(after.at, at.type), literal(after.id, key.type)))
    return query.order_by(at, key).limit(limit)


def _read_messages(connection: Connection, rows: Sequence[Row[Any]], known_until: datetime) -> list[PlacedRow]:
    details = load_details(connection, rows, recorded_before=known_until)
    return [
        PlacedRow(
            place=RowPlace(at=row.stored_at, id=row.id),
            row=_message(row, details.get(row.id, NOTHING), known_until),
        )
        for row in rows
    ]


def _message(row: Row[Any], details: MessageDetails, known_until: datetime) -> ExportedMessage:
    status, error_code = _became(row, details, known_until)
    return ExportedMessage(
        id=row.id,
        conversation_id=row.conversation_id,
        channel=row.channel,
        user_id=row.user_id,
        direction=row.direction,
        speaker=row.speaker,
        kind=row.kind,
        text=row.text if row.worded_at is None or row.worded_at < known_until else None,
        sent_at=row.sent_at,
        stored_at=row.stored_at,
        provider_message_id=None if status == DeliveryStatus.PENDING else row.provider_message_id,
        reply_to=row.reply_to,
        agent_id=row.agent_id,
        route_reason=row.route_reason,
        interrupted=row.interrupted,
        delivery_status=status,
        error_code=error_code,
        stages_ms=row.stages_ms,
        usage=_usage(row),
        citations=row.citations,
        answers_id=row.answers_id,
        joined_to=row.joined_to,
        call_sid=row.call_sid,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        trace_id=row.trace_id,
    )


def _read_turns(connection: Connection, rows: Sequence[Row[Any]], known_until: datetime) -> list[PlacedRow]:
    reply_ids = [row.reply_id for row in rows if row.reply_id is not None]
    query = _QUERIES[Dataset.CONVERSATIONS].where(is_one_of(messages.c.id, reply_ids))
    replies = {reply.id: reply for reply in connection.execute(query)} if reply_ids else {}
    details = load_details(connection, list(replies.values()), recorded_before=known_until)
    steps = _tool_steps(connection, rows, known_until)
    return [
        PlacedRow(
            place=RowPlace(at=row.done_at, id=row.id),
            row=_turn(
                row,
                replies.get(row.reply_id),
                details.get(row.reply_id, NOTHING),
                steps[row.conversation_id, row.provider_message_id],
                known_until,
            ),
        )
        for row in rows
    ]


def _turn(
    row: Row[Any],
    reply: Row[Any] | None,
    details: MessageDetails,
    steps: Sequence[ToolStep],
    known_until: datetime,
) -> ExportedTurn:
    of_reply: dict[str, Any] = {}
    if reply is not None:
        status, error_code = _became(reply, details, known_until)
        of_reply = {
            "reply_id": reply.id,
            "agent_id": reply.agent_id,
            "route_reason": reply.route_reason,
            "route_detail": reply.route_detail,
            "interrupted": reply.interrupted,
            "delivery_status": status,
            "error_code": error_code,
            "stages_ms": reply.stages_ms,
            "usage": _usage(reply),
        }
    return ExportedTurn(
        message_id=row.id,
        conversation_id=row.conversation_id,
        channel=row.channel,
        user_id=row.user_id,
        received_at=row.stored_at,
        settled_at=row.done_at,
        attempts=row.fence,
        unanswered_because=row.unanswered_because,
        # What was begun after the turn was done with is no part of it.
        tools=[step for step in steps if step.begun_at <= row.done_at],
        call_sid=row.call_sid,
        trace_id=row.trace_id or (reply.trace_id if reply is not None else None),
        **of_reply,
    )


def _tool_steps(
    connection: Connection, rows: Sequence[Row[Any]], known_until: datetime
) -> defaultdict[tuple[str, str], list[ToolStep]]:
    """What tools did, by conversation and the provider's id of the message that was being answered."""
    steps: defaultdict[tuple[str, str], list[ToolStep]] = defaultdict(list)
    if not rows:
        return steps
    query = (
        select(tool_calls)
        .where(
            is_one_of(tool_calls.c.conversation_id, {row.conversation_id for row in rows}),
            is_one_of(tool_calls.c.message_id, {row.provider_message_id for row in rows}),
        )
        .order_by(tool_calls.c.begun_at, tool_calls.c.id)
    )
    for row in connection.execute(query):
        has_ended = row.elapsed_ms is not None and row.begun_at + row.elapsed_ms * _MS < known_until
        steps[row.conversation_id, row.message_id].append(
            ToolStep(
                tool=row.tool,
                agent_id=row.agent_id,
                begun_at=row.begun_at,
                outcome=row.outcome if has_ended else None,
                elapsed_ms=row.elapsed_ms if has_ended else None,
            )
        )
    return steps


def _read_calls(_connection: Connection, rows: Sequence[Row[Any]], _known_until: datetime) -> list[PlacedRow]:
    return [
        PlacedRow(
            place=RowPlace(at=row.over_at, id=row.call_sid),
            row=ExportedCall(
                call_sid=row.call_sid,
                conversation_id=row.conversation_id,
                channel=row.channel,
                user_id=row.user_id,
                direction=row.direction,
                state=row.state,
                started_at=row.started_at,
                settled_at=row.over_at,
                answered_at=row.answered_at,
                ended_at=row.ended_at,
                end_reason=row.end_reason,
                trace_id=row.trace_id,
            ),
        )
        for row in rows
    ]


def _became(row: Row[Any], details: MessageDetails, known_until: datetime) -> tuple[str | None, str | None]:
    """How far a message of ours came by then, and why no further: from what is only added to, never from its state.

    What was spoken, or has no row in the outbox, has one status for ever.
    """
    if row.direction != "outbound" or row.sent_status is None:
        return row.delivery_status, None
    if row.sent_change >= known_until:
        return DeliveryStatus.PENDING, None
    parts = dict.fromkeys((part.position for part in details.parts), DeliveryStatus(row.sent_status))
    parts = parts or {1: DeliveryStatus(row.sent_status)}
    # Of what was refused at once, the part tells; nothing is reported about it.
    failures = [part.error_code for part in details.parts if part.provider_message_id is None]
    for report in details.statuses:
        if report.status is not None and report.part in parts:
            parts[report.part] = later_status(parts[report.part], report.status)
            failures += [report.error_code] if report.status is DeliveryStatus.FAILED else []
    status = status_of_parts(list(parts.values()))
    return status, failures[-1] if failures and status is DeliveryStatus.FAILED else None


def _usage(row: Row[Any]) -> Usage:
    return Usage(
        model=row.model,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cost_microusd=row.cost_microusd,
    )


_READERS: dict[Dataset, Callable[[Connection, Sequence[Row[Any]], datetime], list[PlacedRow]]] = {
    Dataset.CONVERSATIONS: _read_messages,
    Dataset.TRACES: _read_turns,
    Dataset.CALLS: _read_calls,
}
