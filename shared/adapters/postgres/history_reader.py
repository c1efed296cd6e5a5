"""HistoryReader over PostgreSQL: each page is one query, and starts where the one before ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    exists,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
)

from shared.adapters.postgres.calls import find_call, read_call, select_calls
from shared.adapters.postgres.column_types import storable_text
from shared.adapters.postgres.cursors import read_cursor, write_cursor
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.identifiers import is_id
from shared.adapters.postgres.message_details import NOTHING, MessageDetails, load_details
from shared.adapters.postgres.schema import calls, conversations, messages, users
from shared.domain.agent import Citation, RouteReason
from shared.domain.call import VOICE_CHANNEL, Call, TranscriptSegment
from shared.domain.conversation import ConversationStatus, Speaker
from shared.domain.message import DeliveryStatus, MessageKind, Unanswered
from shared.domain.prompt import TokenUsage
from shared.errors import InvalidRequest, NotFound
from shared.ports.history import PAGE_LIMIT, ConversationSummary, HistoryFilter, Page, StoredMessage

Item = TypeVar("Item")
# Takes words as they are, for people write English, Hindi and both at once. Must read as in the index.
_WORDS: ColumnElement[str] = literal_column("'simple'::regconfig")
# The latest of what asks for a person and of what we said since: read from the end of the conversation.
_IS_STALE = (messages.c.direction == "inbound") & (messages.c.unanswered_because == Unanswered.STALE)
_HAS_FAILED = (messages.c.delivery_status == DeliveryStatus.FAILED) | func.jsonb_exists(
    messages.c.attributes, "parts_missing"
)
_NEEDS_ATTENTION = func.coalesce(
    select(case((messages.c.direction == "outbound", _HAS_FAILED), else_=true()))
    .where(messages.c.conversation_id == conversations.c.id, (messages.c.direction == "outbound") | _IS_STALE)
    .order_by(messages.c.sent_at.desc(), messages.c.arrival.desc())
    .limit(1)
    .correlate(conversations)
    .scalar_subquery(),
    false(),
)


class PostgresHistoryReader:
    """Implements `HistoryReader`; only reads, so it can have a role of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def conversations(
        self, wanted: HistoryFilter, *, cursor: str | None, limit: int
    ) -> Page[ConversationSummary]:
        """See `HistoryReader.conversations`."""
        query = _select_conversations().where(*_conversation_conditions(wanted))
        query = _latest_first(query, conversations.c.last_message_at, conversations.c.id, cursor, is_uuid=True)
        rows = await self._rows(query, limit)
        return _page(rows, limit, _summary, lambda row: write_cursor(row.last_message_at, row.id))

    async def conversation(self, conversation_id: str) -> ConversationSummary:
        """See `HistoryReader.conversation`."""
        rows: Sequence[Row[Any]] = []
        if is_id(conversation_id):
            rows = await self._rows(_select_conversations().where(conversations.c.id == conversation_id), 1)
        if not rows:
            raise NotFound("There is no such conversation.")
        return _summary(rows[0])

    async def messages(self, conversation_id: str, *, cursor: str | None, limit: int) -> Page[StoredMessage]:
        """See `HistoryReader.messages`."""
        query = select(messages).where(messages.c.conversation_id == conversation_id)
        if cursor is not None:
            at, last = read_cursor(cursor)
            if not last.isdecimal():
                raise InvalidRequest("The cursor is not one of ours.")
            query = query.where(tuple_(messages.c.sent_at, messages.c.arrival) > tuple_(at, int(last)))
        await self.conversation(conversation_id)
        page = query.order_by(messages.c.sent_at, messages.c.arrival).limit(_within_bounds(limit) + 1)

        def work(connection: Connection) -> tuple[Sequence[Row[Any]], dict[str, MessageDetails]]:
            rows = connection.execute(page).all()
            return rows, load_details(connection, rows)

        rows, details = await self._database.run(work)
        return _page(
            rows,
            limit,
            lambda row: _stored_message(row, details.get(row.id, NOTHING)),
            lambda row: write_cursor(row.sent_at, row.arrival),
        )

    async def calls(self, wanted: HistoryFilter, *, cursor: str | None, limit: int) -> Page[Call]:
        """See `HistoryReader.calls`."""
        query = select_calls().where(*_call_conditions(wanted))
        query = _latest_first(query, calls.c.started_at, calls.c.call_sid, cursor, is_uuid=False)
        rows = await self._rows(query, limit)
        return _page(rows, limit, read_call, lambda row: write_cursor(row.started_at, row.call_sid))

    async def call(self, call_sid: str) -> Call:
        """See `HistoryReader.call`."""
        call = await self._database.run(lambda connection: find_call(connection, call_sid))
        if call is None:
            raise NotFound("There is no such call.")
        return call

    async def transcript(self, call_sid: str) -> tuple[TranscriptSegment, ...]:
        """See `HistoryReader.transcript`; turns of which nothing was heard are left out."""
        rows = await self._database.run(
            lambda connection: connection.execute(
                select(messages)
                .where(messages.c.call_sid == call_sid, messages.c.text != "", messages.c.start_ms.is_not(None))
                .order_by(messages.c.start_ms, messages.c.arrival)
            ).all()
        )
        return tuple(_segment(row) for row in rows)

    async def _rows(self, query: Select[Any], limit: int) -> Sequence[Row[Any]]:
        """One row more than asked for, if there is one: it tells that there is another page."""

        def work(connection: Connection) -> Sequence[Row[Any]]:
            return connection.execute(query.limit(_within_bounds(limit) + 1)).all()

        return await self._database.run(work)


def _select_conversations() -> Select[Any]:
    same_user = (users.c.channel == conversations.c.channel) & (users.c.user_id == conversations.c.user_id)
    return select(
        conversations, users.c.name, users.c.opted_out_at, _NEEDS_ATTENTION.label("needs_attention")
    ).outerjoin_from(conversations, users, same_user)


def _conversation_conditions(wanted: HistoryFilter) -> list[ColumnElement[bool]]:
    equal = {
        conversations.c.user_id: wanted.user_id,
        conversations.c.channel: wanted.channel,
        conversations.c.agent_id: wanted.agent_id,
        conversations.c.status: wanted.status,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    conditions += _within(wanted, conversations.c.last_message_at)
    if wanted.text is not None:
        conditions.append(exists().where(messages.c.conversation_id == conversations.c.id, _says(wanted.text)))
    return conditions


def _call_conditions(wanted: HistoryFilter) -> list[ColumnElement[bool]]:
    equal = {calls.c.caller_id: wanted.user_id, calls.c.agent_id: wanted.agent_id}
    conditions = [column == value for column, value in equal.items() if value is not None]
    conditions += _within(wanted, calls.c.started_at)
    if wanted.channel not in (None, VOICE_CHANNEL):
        conditions.append(false())
    if wanted.status is not None:
        conditions.append(
            exists().where(conversations.c.id == calls.c.conversation_id, conversations.c.status == wanted.status)
        )
    if wanted.text is not None:
        conditions.append(exists().where(messages.c.call_sid == calls.c.call_sid, _says(wanted.text)))
    return conditions


def _within(wanted: HistoryFilter, time: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(time >= wanted.since)
    if wanted.until is not None:
        conditions.append(time < wanted.until)
    return conditions


def _says(words: str) -> ColumnElement[bool]:
    return func.to_tsvector(_WORDS, messages.c.text).bool_op("@@")(
        func.websearch_to_tsquery(_WORDS, storable_text(words))
    )


def _latest_first(
    query: Select[Any], time: ColumnElement[Any], key: ColumnElement[Any], cursor: str | None, *, is_uuid: bool
) -> Select[Any]:
    if cursor is not None:
        at, last = read_cursor(cursor)
        if is_uuid and not is_id(last):
            raise InvalidRequest("The cursor is not one of ours.")
        query = query.where(tuple_(time, key) < tuple_(at, literal(last, key.type)))
    return query.order_by(time.desc(), key.desc())


def _page(
    rows: Sequence[Row[Any]], limit: int, read: Callable[[Row[Any]], Item], cursor_after: Callable[[Row[Any]], str]
) -> Page[Item]:
    shown = rows[: _within_bounds(limit)]
    return Page(
        items=tuple(read(row) for row in shown),
        next_cursor=cursor_after(shown[-1]) if len(rows) > len(shown) else None,
    )


def _within_bounds(limit: int) -> int:
    return max(1, min(limit, PAGE_LIMIT))


def _summary(row: Row[Any]) -> ConversationSummary:
    return ConversationSummary(
        id=row.id,
        channel=row.channel,
        user_id=row.user_id,
        user_name=row.name,
        status=ConversationStatus(row.status),
        agent_id=row.agent_id,
        started_at=row.started_at,
        last_message_at=row.last_message_at,
        message_count=row.message_count,
        needs_attention=row.needs_attention,
        opted_out=row.opted_out_at is not None,
    )


def _stored_message(row: Row[Any], details: MessageDetails) -> StoredMessage:
    only = details.parts[0] if len(details.parts) == 1 else None
    return StoredMessage(
        id=row.id,
        conversation_id=row.conversation_id,
        speaker=Speaker(row.speaker),
        kind=MessageKind(row.kind),
        text=row.text,
        at=row.sent_at,
        agent_id=row.agent_id,
        route_reason=None if row.route_reason is None else RouteReason(row.route_reason),
        route_detail=row.route_detail,
        interrupted=row.interrupted,
        provider_message_id=row.provider_message_id,
        reply_to=row.reply_to,
        answers_id=row.answers_id,
        joined_to=row.joined_to,
        unanswered_because=None if row.unanswered_because is None else Unanswered(row.unanswered_because),
        statuses=details.statuses,
        parts=details.parts if only is None else (),
        pricing=None if only is None else only.pricing,
        pricing_conversation=None if only is None else only.pricing_conversation,
        delivery_status=None if row.delivery_status is None else DeliveryStatus(row.delivery_status),
        stages_ms=row.stages_ms,
        usage=_usage(row),
        citations=msgspec.convert(row.citations, tuple[Citation, ...]),
        call_sid=row.call_sid,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        attributes=row.attributes,
    )


def _usage(row: Row[Any]) -> TokenUsage | None:
    if row.input_tokens is None:
        return None
    return TokenUsage(
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens or 0,
        model=row.model or "",
        cost_microusd=row.cost_microusd,
    )


def _segment(row: Row[Any]) -> TranscriptSegment:
    return TranscriptSegment(
        speaker=Speaker(row.speaker),
        text=row.text,
        start_ms=row.start_ms,
        end_ms=row.start_ms if row.end_ms is None else row.end_ms,
        agent_id=row.agent_id,
        interrupted=row.interrupted,
    )
