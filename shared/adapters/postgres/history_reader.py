"""HistoryReader over PostgreSQL: each page starts where the one before ended, and none reads more the more there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, literal, select, tuple_

from shared.adapters.postgres.calls import find_call, read_call, select_calls
from shared.adapters.postgres.cursors import read_cursor, write_cursor
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_conditions import call_conditions, conversation_conditions, needs_attention
from shared.adapters.postgres.identifiers import is_id
from shared.adapters.postgres.message_details import NOTHING, MessageDetails, load_details
from shared.adapters.postgres.schema import conversations, messages, users
from shared.adapters.postgres.turn_search import IN_CALLS, IN_CONVERSATIONS, Place, Search, find
from shared.domain.agent import Citation, RouteReason
from shared.domain.call import Call, TranscriptSegment
from shared.domain.conversation import ConversationStatus, Speaker
from shared.domain.message import DeliveryStatus, MessageKind, Unanswered
from shared.domain.prompt import TokenUsage
from shared.errors import InvalidRequest, NotFound
from shared.ports.history import PAGE_LIMIT, ConversationSummary, HistoryFilter, Page, StoredMessage

Item = TypeVar("Item")


class PostgresHistoryReader:
    """Implements `HistoryReader`; only reads, so it can have a role of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def conversations(
        self, wanted: HistoryFilter, *, cursor: str | None, limit: int
    ) -> Page[ConversationSummary]:
        """See `HistoryReader.conversations`."""
        conditions = conversation_conditions(wanted) + _behind(IN_CONVERSATIONS, cursor)
        return await self._list(
            IN_CONVERSATIONS, _select_conversations(), conditions, wanted, limit=limit, read=_summary
        )

    async def conversation(self, conversation_id: str) -> ConversationSummary:
        """See `HistoryReader.conversation`."""
        row = None
        if is_id(conversation_id):
            query = _select_conversations().where(conversations.c.id == conversation_id)
            row = await self._database.run(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            raise NotFound("There is no such conversation.")
        return _summary(row)

    async def messages(self, conversation_id: str, *, cursor: str | None, limit: int) -> Page[StoredMessage]:
        """See `HistoryReader.messages`."""
        query = select(messages).where(messages.c.conversation_id == conversation_id)
        if cursor is not None:
            at, last = read_cursor(cursor)
            if not last.isdecimal():
                raise InvalidRequest("The cursor is not one of ours.")
            query = query.where(tuple_(messages.c.sent_at, messages.c.arrival) > tuple_(at, int(last)))
        await self.conversation(conversation_id)
        bound = _within_bounds(limit)
        page = query.order_by(messages.c.sent_at, messages.c.arrival).limit(bound + 1)

        def work(connection: Connection) -> tuple[Sequence[Row[Any]], dict[str, MessageDetails]]:
            rows = connection.execute(page).all()
            return rows, load_details(connection, rows)

        rows, details = await self._database.run(work)
        return _page(
            rows,
            bound,
            lambda row: _stored_message(row, details.get(row.id, NOTHING)),
            lambda row: write_cursor(row.sent_at, row.arrival),
        )

    async def calls(self, wanted: HistoryFilter, *, cursor: str | None, limit: int) -> Page[Call]:
        """See `HistoryReader.calls`."""
        conditions = call_conditions(wanted) + _behind(IN_CALLS, cursor)
        return await self._list(IN_CALLS, select_calls(), conditions, wanted, limit=limit, read=read_call)

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

    async def _list(
        self,
        place: Place,
        query: Select[Any],
        conditions: list[ColumnElement[bool]],
        wanted: HistoryFilter,
        *,
        limit: int,
        read: Callable[[Row[Any]], Item],
    ) -> Page[Item]:
        bound, search = _within_bounds(limit), _search(wanted)
        query = query.order_by(place.time.desc(), place.key.desc())

        def cursor_after(row: Row[Any]) -> str:
            return write_cursor(row._mapping[place.time], row._mapping[place.key])  # noqa: SLF001 - SQLAlchemy's public name

        def work(connection: Connection) -> Page[Item]:
            if search is None:
                rows = connection.execute(query.where(*conditions).limit(bound + 1)).all()
                return _page(rows, bound, read, cursor_after)
            found = find(connection, place, search, conditions, limit=bound + 1)
            rows = connection.execute(query.where(place.key.in_(found.keys))).all() if found.keys else []
            goes_on = None if found.looked_until is None else write_cursor(*found.looked_until)
            return _page(rows, bound, read, cursor_after, goes_on=goes_on)

        return await self._database.run(work)


def _select_conversations() -> Select[Any]:
    same_user = (users.c.channel == conversations.c.channel) & (users.c.user_id == conversations.c.user_id)
    return select(
        conversations, users.c.name, users.c.opted_out_at, needs_attention(conversations.c.id).label("needs_attention")
    ).outerjoin_from(conversations, users, same_user)


def _search(wanted: HistoryFilter) -> Search | None:
    if wanted.text is None and not wanted.needs_attention:
        return None
    return Search(words=wanted.text, needs_attention=bool(wanted.needs_attention), are_few=wanted.user_id is not None)


def _behind(place: Place, cursor: str | None) -> list[ColumnElement[bool]]:
    if cursor is None:
        return []
    at, last = read_cursor(cursor)
    if place is IN_CONVERSATIONS and not is_id(last):
        raise InvalidRequest("The cursor is not one of ours.")
    return [tuple_(place.time, place.key) < tuple_(at, literal(last, place.key.type))]


def _page(
    rows: Sequence[Row[Any]],
    bound: int,
    read: Callable[[Row[Any]], Item],
    cursor_after: Callable[[Row[Any]], str],
    *,
    goes_on: str | None = None,
) -> Page[Item]:
    """One row more than a page holds tells that there is another page; `goes_on` is the cursor if there is none."""
    shown = rows[:bound]
    return Page(
        items=tuple(read(row) for row in shown),
        next_cursor=cursor_after(shown[-1]) if len(rows) > len(shown) else goes_on,
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
        trace_id=row.trace_id,
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
