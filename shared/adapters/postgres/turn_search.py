"""Searches that no order of an index serves: where something was said, and what needs a person.

Nothing here grows with the history. The planner knows from its statistics how often words are said. Where they are
seldom, the index names all places at once. Where they are frequent, it would name half of the history, and the latest
conversations hold them anyway: those are looked at, a bounded number for each page, and the next page goes on behind
them. So a page of a search may hold few items, or none, and not be the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal_column, select, text, true

from shared.adapters.postgres.column_types import storable_text
from shared.adapters.postgres.history_conditions import needs_attention
from shared.adapters.postgres.schema import calls, conversations, messages

SELDOM = 5_000
"""So many messages are looked up one by one; as many as are read in some 50 ms."""

LOOKED_AT = 250
"""The words of so many conversations or calls are looked at for one page; some 2,500 messages."""

GLANCED_AT = 10_000
"""So many are asked for one page whether they need a person, which an index tells of nearly all."""

# Takes words as they are, for people write English, Hindi and both at once. Must read as in the index.
_WORDS: ColumnElement[str] = literal_column("'simple'::regconfig")
_ESTIMATE = text(
    "EXPLAIN (FORMAT JSON) SELECT FROM messages WHERE to_tsvector('simple'::regconfig, searchable(text))"
    " @@ websearch_to_tsquery('simple'::regconfig, searchable(:words))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What turns are said in, and what tells the latest."""

    key: ColumnElement[Any]
    time: ColumnElement[datetime]
    key_of_message: ColumnElement[Any]


IN_CONVERSATIONS = Place(
    key=conversations.c.id, time=conversations.c.last_message_at, key_of_message=messages.c.conversation_id
)
IN_CALLS = Place(key=calls.c.call_sid, time=calls.c.started_at, key_of_message=messages.c.call_sid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Keys of conversations or calls, the latest first.

    Attributes:
        looked_until: time and key of the last one looked at, if there may be more behind it.
    """

    keys: Sequence[Any]
    looked_until: tuple[datetime, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is wanted of a conversation or call besides what an index serves.

    Attributes:
        words: said in it.
        needs_attention: it has to; of conversations only.
        are_few: the other conditions leave not many.
    """

    words: str | None
    needs_attention: bool
    are_few: bool


def find(
    connection: Connection, place: Place, wanted: Search, conditions: Sequence[ColumnElement[bool]], *, limit: int
) -> Found:
    """The latest that fulfil all of it, `limit` at most."""
    if wanted.words is not None and not wanted.are_few and is_seldom(connection, wanted.words):
        if wanted.needs_attention:
            conditions = [*conditions, needs_attention(place.key)]
        return _find_by_index(connection, place, wanted.words, conditions, limit)
    return _look_at_latest(connection, place, wanted, conditions, limit)


def says(words: str) -> ColumnElement[bool]:
    """Whether a message says them."""
    wanted = func.websearch_to_tsquery(_WORDS, func.searchable(storable_text(words)))
    return func.to_tsvector(_WORDS, func.searchable(messages.c.text)).bool_op("@@")(wanted)


def is_seldom(connection: Connection, words: str) -> bool:
    """Whether the planner expects the words in few messages, by its statistics of the index."""
    (explained,) = connection.execute(_ESTIMATE, {"words": storable_text(words)}).scalar_one()
    return bool(explained["Plan"]["Plan Rows"] <= SELDOM)


def _find_by_index(
    connection: Connection, place: Place, words: str, conditions: Sequence[ColumnElement[bool]], limit: int
) -> Found:
    said = select(place.key_of_message.label("key")).where(says(words)).distinct().cte("said")
    # Apart from the rest, and then one place after the other by its key: otherwise the planner may think it quicker
    # to look through all places, the latest first.
    said = said.prefix_with("MATERIALIZED", dialect="postgresql")
    found = (
        select(place.time.label("time"), place.key.label("key"))
        .where(place.key == said.c.key, *conditions)
        .limit(1)
        .correlate(said)
        .lateral("found")
    )
    page = (
        select(found.c.key)
        .select_from(said.join(found, true()))
        .order_by(found.c.time.desc(), found.c.key.desc())
        .limit(limit)
    )
    return Found(keys=connection.execute(page).scalars().all())


def _look_at_latest(
    connection: Connection, place: Place, wanted: Search, conditions: Sequence[ColumnElement[bool]], limit: int
) -> Found:
    how_many = GLANCED_AT if wanted.words is None else LOOKED_AT
    latest = (
        select(place.time.label("time"), place.key.label("key"))
        .where(*conditions)
        .order_by(place.time.desc(), place.key.desc())
    )
    looked_at = latest.limit(how_many).subquery("looked_at")
    page = (
        select(looked_at.c.key)
        .where(*_close_looks(place, wanted, looked_at.c.key))
        .order_by(looked_at.c.time.desc(), looked_at.c.key.desc())
        .limit(limit)
    )
    keys = connection.execute(page).scalars().all()
    if len(keys) == limit:
        return Found(keys=keys)
    last = connection.execute(latest.offset(how_many - 1).limit(1)).one_or_none()
    return Found(keys=keys, looked_until=None if last is None else (last.time, last.key))


def _close_looks(place: Place, wanted: Search, key: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """As values, not joins: they are computed for one place after the other until the page is full."""
    looks: list[ColumnElement[bool]] = []
    if wanted.needs_attention:
        looks.append(needs_attention(key))
    if wanted.words is not None:
        said = select(true()).where(place.key_of_message == key, says(wanted.words)).limit(1)
        looks.append(said.correlate_except(messages).scalar_subquery().is_(true()))
    return looks
