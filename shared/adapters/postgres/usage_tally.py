"""UsageTally over PostgreSQL: the minutes, words and messages of a month, grouped as providers price them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    case,
    cast,
    extract,
    func,
    literal_column,
    select,
)

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import calls, deliveries, delivery_parts, messages
from shared.domain.call import CallDirection, CallState
from shared.domain.calling_codes import PREFIX_LENGTH
from shared.domain.conversation import Speaker
from shared.domain.cost import first_of_month
from shared.domain.cost_per_unit import (
    TWILIO_CHANNEL,
    CallUsage,
    MonthlyUsage,
    SentUsage,
    SpokenUsage,
    WrittenUsage,
)

# Told as a constant, so that the index which leaves the failed ones out is known to hold all that is wanted.
_FAILED: ColumnElement[str] = literal_column("'failed'")
_SECONDS_A_MINUTE = 60


class PostgresUsageTally:
    """Implements `UsageTally`; only reads, each time by the index of the month's calls and of its deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_month(self, month: date) -> MonthlyUsage:
        """See `UsageTally.of_month`."""
        return await self._database.run(partial(_count, month=month))


def _count(connection: Connection, *, month: date) -> MonthlyUsage:
    parts = _parts_of(month)
    said = connection.execute(_said_in_calls(month)).one()
    thought = connection.execute(_thought_for_messages(parts)).one()
    return MonthlyUsage(
        month=month,
        calls=tuple(CallUsage(**row._asdict()) for row in connection.execute(_calls(month))),
        spoken=_spoken(said, connection.execute(_unfinished(month)).scalar()),
        sent=tuple(SentUsage(**row._asdict()) for row in connection.execute(_sent(parts))),
        written=_written(thought, connection.execute(_received(parts)).scalar()),
    )


def _calls(month: date) -> Select[Any]:
    seconds = cast(func.round(extract("epoch", calls.c.ended_at - calls.c.answered_at)), Integer)
    number = case((calls.c.direction == CallDirection.OUTBOUND, calls.c.caller_id), else_=calls.c.business_id)
    prefix = func.left(number, PREFIX_LENGTH)
    return (
        select(
            calls.c.direction,
            prefix.label("number"),
            cast(func.count(), Integer).label("calls"),
            cast(func.sum(seconds), Integer).label("seconds"),
            cast(func.sum(func.ceil(seconds / float(_SECONDS_A_MINUTE))), Integer).label("started_minutes"),
        )
        .where(*_began_in(month), calls.c.answered_at.is_not(None), calls.c.ended_at > calls.c.answered_at)
        .group_by("direction", "number")
        .order_by("direction", "number")
    )


def _unfinished(month: date) -> Select[Any]:
    """Calls that are over, nobody knows since when. Those that go on are counted when they have ended."""
    over = calls.c.state.in_([CallState.ENDED, CallState.FAILED])
    return select(func.count()).where(
        *_began_in(month), over, calls.c.answered_at.is_not(None), calls.c.ended_at.is_(None)
    )


def _said_in_calls(month: date) -> Select[Any]:
    return (
        select(func.coalesce(func.sum(func.length(messages.c.text)), 0).label("characters"), *_thoughts())
        .select_from(calls)
        .join(messages, messages.c.call_sid == calls.c.call_sid)
        .where(*_began_in(month), messages.c.speaker == Speaker.AGENT)
    )


def _parts_of(month: date) -> CTE:
    return (
        select(
            delivery_parts.c.channel,
            delivery_parts.c.category,
            delivery_parts.c.is_billable,
            deliveries.c.message_id,
            deliveries.c.reply_id,
        )
        .join(deliveries, deliveries.c.id == delivery_parts.c.delivery_id)
        .where(
            delivery_parts.c.taken_at >= _midnight(month),
            delivery_parts.c.taken_at < _midnight(first_of_month(month, months_before=-1)),
            delivery_parts.c.status != _FAILED,
        )
        .cte("parts")
    )


def _sent(parts: CTE) -> Select[Any]:
    user = func.left(func.coalesce(messages.c.address, messages.c.user_id), PREFIX_LENGTH)
    return (
        select(
            func.coalesce(parts.c.channel, "").label("channel"),
            parts.c.category,
            parts.c.is_billable,
            user.label("user"),
            func.count().label("messages"),
        )
        .select_from(parts)
        .join(messages, messages.c.id == parts.c.message_id)
        .group_by(parts.c.channel, parts.c.category, parts.c.is_billable, "user")
        .order_by(parts.c.channel, parts.c.category, parts.c.is_billable, "user")
    )


def _thought_for_messages(parts: CTE) -> Select[Any]:
    replies = select(parts.c.reply_id).where(parts.c.reply_id.is_not(None)).distinct()
    return select(*_thoughts()).where(messages.c.id.in_(replies))


def _received(parts: CTE) -> Select[Any]:
    """What users wrote through Twilio and was answered, those messages included that were answered together."""
    answered = select(parts.c.message_id).where(parts.c.channel == TWILIO_CHANNEL).distinct()
    own = select(func.count()).where(messages.c.id.in_(answered), messages.c.direction == "inbound")
    joined = select(func.count()).where(messages.c.joined_to.in_(answered), messages.c.direction == "inbound")
    return select(own.scalar_subquery() + joined.scalar_subquery())


def _thoughts() -> tuple[ColumnElement[Any], ...]:
    is_unpriced = messages.c.model.is_not(None) & messages.c.cost_microusd.is_(None)
    return (
        func.count().label("replies"),
        func.count().filter(is_unpriced).label("unpriced_replies"),
        func.coalesce(func.sum(messages.c.cost_microusd), 0).label("model_microusd"),
    )


def _spoken(row: Row[Any], unfinished_calls: int | None) -> SpokenUsage:
    return SpokenUsage(
        characters=int(row.characters),
        replies=row.replies,
        unpriced_replies=row.unpriced_replies,
        model_microusd=int(row.model_microusd),
        unfinished_calls=unfinished_calls or 0,
    )


def _written(row: Row[Any], received_by_twilio: int | None) -> WrittenUsage:
    return WrittenUsage(
        received_by_twilio=received_by_twilio or 0,
        replies=row.replies,
        unpriced_replies=row.unpriced_replies,
        model_microusd=int(row.model_microusd),
    )


def _began_in(month: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        calls.c.started_at >= _midnight(month),
        calls.c.started_at < _midnight(first_of_month(month, months_before=-1)),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
