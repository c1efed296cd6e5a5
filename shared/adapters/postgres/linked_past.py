"""What a person lately said on another channel, as far as the person agreed to the two being linked."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, exists, func, select, true

from shared.adapters.postgres.past_turns import IS_PAST, TURN_COLUMNS, turns_of
from shared.adapters.postgres.schema import conversations, messages, person_links
from shared.domain.conversation import ConversationKey, Elsewhere, Speaker

_TURNS = 6
_AGE = timedelta(days=30)
_TALKING = (Speaker.USER, Speaker.AGENT, Speaker.HUMAN)

_own = person_links.alias("own")
_others = person_links.alias("others")


def is_linked(key: ConversationKey) -> ColumnElement[bool]:
    """Whether the person agreed that this identity is linked to another one."""
    return exists().where(person_links.c.channel == key.channel, person_links.c.user_id == key.user_id)


def read_elsewhere(connection: Connection, key: ConversationKey) -> Elsewhere:
    """The latest conversation under one of the person's other identities; without words where there is none."""
    latest = (
        select(conversations.c.id, conversations.c.channel, conversations.c.summary, conversations.c.summarised_until)
        .join(
            _others,
            (_others.c.channel == conversations.c.channel) & (_others.c.user_id == conversations.c.user_id),
        )
        .join(_own, _own.c.person_id == _others.c.person_id)
        .where(
            _own.c.channel == key.channel,
            _own.c.user_id == key.user_id,
            (_others.c.channel != key.channel) | (_others.c.user_id != key.user_id),
            conversations.c.last_activity_at > func.clock_timestamp() - _AGE,
        )
        .order_by(conversations.c.last_message_at.desc(), conversations.c.id.desc())
        .limit(1)
        .cte("latest")
    )
    said = (
        select(messages.c.conversation_id, messages.c.arrival, *TURN_COLUMNS)
        .where(
            messages.c.conversation_id == latest.c.id,
            messages.c.arrival > latest.c.summarised_until,
            messages.c.speaker.in_(_TALKING),
            messages.c.text != "",
            IS_PAST,
        )
        .order_by(messages.c.sent_at.desc(), messages.c.arrival.desc())
        .limit(_TURNS)
        .lateral("said")
    )
    now = select(func.clock_timestamp().label("now")).cte("now")
    rows = connection.execute(
        select(now.c.now, latest.c.channel, latest.c.summary, said)
        .select_from(now.outerjoin(latest, true()).outerjoin(said, true()))
        .order_by(said.c.sent_at, said.c.arrival)
    ).all()
    turns = tuple(
        turn for row in rows if row.speaker is not None for turn in turns_of(row) if turn.speaker is not Speaker.SYSTEM
    )
    first = rows[0]
    return Elsewhere(channel=first.channel or "", summary=first.summary or "", turns=turns, read_at=first.now)
