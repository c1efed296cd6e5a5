"""UserRows over PostgreSQL: one transaction for each step, bounded in rows, in an order that no reference forbids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    text,
    true,
    tuple_,
    union,
    update,
)

from shared.adapters.postgres.column_types import storable_text
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.erasure_tables import delete_messages, owned_by, select_files
from shared.adapters.postgres.identifiers import is_id, new_id
from shared.adapters.postgres.schema import (
    call_backs,
    calls,
    consent_events,
    conversations,
    erasures,
    media,
    message_events,
    messages,
    person_links,
    provider_messages,
    recordings,
    tool_calls,
    user_aliases,
    users,
)
from shared.domain.call import VOICE_CHANNEL, CallState
from shared.domain.conversation import ConversationKey
from shared.domain.erasure import CallTrace, Counts, MessageTrace, Subject
from shared.domain.json_value import JSON

STATEMENT_SECONDS = 60
"""A look at all events takes longer than anything the platform does every day."""

_MOST_IDENTITIES = 1000
# A shorter identity would be found in the midst of other things.
_SHORTEST_SEARCHED = 6
_OVER = (CallState.ENDED, CallState.FAILED)


class PostgresUserRows:
    """Implements `UserRows`; a call that began longer ago than `longest_call` is a dead task's, not a live one."""

    def __init__(self, database: Database, *, longest_call: timedelta) -> None:
        self._database = database
        self._longest_call = longest_call

    async def find(self, user_id: str, *, channel: str | None) -> Subject:
        """See `UserRows.find`."""
        return await self._database.run(lambda connection: _find(connection, storable_text(user_id), channel))

    async def find_by_conversation(self, conversation_id: str) -> ConversationKey | None:
        """See `UserRows.find_by_conversation`."""
        if not is_id(conversation_id):
            return None
        query = select(conversations.c.channel, conversations.c.user_id).where(conversations.c.id == conversation_id)
        row = await self._database.run(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else ConversationKey(channel=row.channel, user_id=row.user_id)

    async def keys(self, subject: Subject) -> tuple[ConversationKey, ...]:
        """See `UserRows.keys`."""
        return await self._database.run(lambda connection: _keys(connection, subject))

    async def busy(self, subject: Subject) -> str | None:
        """See `UserRows.busy`."""
        return await self._database.run(lambda connection: _busy(connection, subject, self._longest_call))

    async def count(self, subject: Subject) -> Counts:
        """See `UserRows.count`."""
        return await self._database.run(lambda connection: _count(connection, subject))

    async def calls(self, subject: Subject, *, after: CallTrace | None, limit: int) -> Sequence[CallTrace]:
        """See `UserRows.calls`."""
        query = select(calls.c.call_sid, calls.c.started_at).where(_own_calls(subject))
        if after is not None:
            query = query.where(calls.c.call_sid > after.call_sid)
        query = query.order_by(calls.c.call_sid).limit(limit)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [CallTrace(call_sid=row.call_sid, started_at=row.started_at) for row in rows]

    async def files(self, subject: Subject, *, after: MessageTrace | None, limit: int) -> Sequence[MessageTrace]:
        """See `UserRows.files`."""
        query = select_files(subject, after=after).limit(limit)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [
            MessageTrace(message_id=row.id, channel=row.channel, sent_at=row.sent_at, keys=tuple(row.keys or ()))
            for row in rows
        ]

    async def erase_messages(self, subject: Subject, *, limit: int) -> Counts:
        """See `UserRows.erase_messages`."""
        return await self._database.run(lambda connection: delete_messages(connection, subject, limit))

    async def events(self, subject: Subject, *, after: int, limit: int, is_dry_run: bool) -> tuple[int | None, Counts]:
        """See `UserRows.events`."""
        return await self._database.run(
            lambda connection: _events(connection, subject, after, limit, is_dry_run=is_dry_run)
        )

    async def begin(self, subject_hash: str, *, channel: str | None, requested_by: str) -> str:
        """See `UserRows.begin`."""
        erasure_id = new_id()
        row = {"id": erasure_id, "subject_hash": subject_hash, "channel": channel, "requested_by": requested_by}
        await self._database.run(lambda connection: connection.execute(insert(erasures).values(**row)))
        return erasure_id

    async def erase_rest(self, subject: Subject) -> Counts | None:
        """See `UserRows.erase_rest`."""
        return await self._database.run(lambda connection: _erase_rest(connection, subject))

    async def finish(self, erasure_id: str, counts: Mapping[str, JSON]) -> None:
        """See `UserRows.finish`."""
        done = update(erasures).where(erasures.c.id == erasure_id)
        values = {"finished_at": func.clock_timestamp(), "counts": dict(counts)}
        await self._database.run(lambda connection: connection.execute(done.values(**values)))


def _find(connection: Connection, user_id: str, channel: str | None) -> Subject:
    """Follow the aliases until no new one turns up."""
    _take_time(connection)
    known: set[str] = {user_id}
    unasked = known
    while unasked and len(known) < _MOST_IDENTITIES:
        names = user_aliases.c.alias.in_(unasked) | user_aliases.c.user_id.in_(unasked)
        here = true() if channel is None else user_aliases.c.channel == channel
        rows = connection.execute(select(user_aliases.c.alias, user_aliases.c.user_id).where(here, names)).all()
        unasked = {name for row in rows for name in row} - known
        known = known | unasked
    return Subject(identities=tuple(sorted(known)), channel=channel)


def _keys(connection: Connection, subject: Subject) -> tuple[ConversationKey, ...]:
    _take_time(connection)
    seen = union(*(select(table.c.channel).where(owned_by(table, subject)) for table in (users, conversations)))
    channels = {*connection.execute(seen).scalars()} | ({subject.channel} if subject.channel else set())
    return tuple(
        ConversationKey(channel=channel, user_id=name) for channel in sorted(channels) for name in subject.identities
    )


def _busy(connection: Connection, subject: Subject, longest_call: timedelta) -> str | None:
    is_live = calls.c.state.not_in(_OVER) & (calls.c.started_at > func.clock_timestamp() - longest_call)
    if connection.execute(select(calls.c.call_sid).where(_own_calls(subject), is_live).limit(1)).first():
        return "call"
    is_leased = (messages.c.state == "processing") & (messages.c.lease_until > func.clock_timestamp())
    if connection.execute(select(messages.c.id).where(owned_by(messages, subject), is_leased).limit(1)).first():
        return "message"
    return None


def _count(connection: Connection, subject: Subject) -> Counts:
    _take_time(connection)
    own_messages = select(messages.c.id).where(owned_by(messages, subject))
    own_calls = select(calls.c.call_sid).where(_own_calls(subject))
    own_conversations = select(conversations.c.id).where(owned_by(conversations, subject))
    wanted: dict[str, Select[Any]] = {
        "messages": _how_many(messages, owned_by(messages, subject)),
        "media": _how_many(media, media.c.message_id.in_(own_messages)),
        "calls": _how_many(calls, _own_calls(subject)),
        person_links.name: _how_many(person_links, _own_links(subject)),
        "recordings": _how_many(recordings, recordings.c.call_sid.in_(own_calls)),
        **{
            table.name: _how_many(table, table.c.conversation_id.in_(own_conversations))
            for table in (tool_calls, call_backs)
        },
        **{
            table.name: _how_many(table, owned_by(table, subject))
            for table in (conversations, consent_events, user_aliases, users)
        },
    }
    return Counter({name: connection.execute(query).scalar_one() for name, query in wanted.items()})


def _events(
    connection: Connection, subject: Subject, after: int, limit: int, *, is_dry_run: bool
) -> tuple[int | None, Counts]:
    """The next events by id. Ids have gaps, so each step is cut by ids that are there."""
    _take_time(connection)
    step = select(message_events.c.id).where(message_events.c.id > after).order_by(message_events.c.id).limit(limit)
    last = connection.execute(select(func.max(step.subquery().c.id))).scalar_one()
    if last is None:
        return None, Counter()
    names_user = (
        (message_events.c.id > after)
        & (message_events.c.id <= last)
        & (true() if subject.channel is None else message_events.c.channel == subject.channel)
        & or_(message_events.c.user_id.in_(subject.identities), _mentions(subject))
    )
    if is_dry_run:
        return last, Counter(message_events=connection.execute(_how_many(message_events, names_user)).scalar_one())
    about = delete(message_events).where(names_user).returning(message_events.c.channel, message_events.c.item_id)
    gone = [(row.channel, row.item_id) for row in connection.execute(about)]
    # A status about a message that nobody knows left its name for that message to be found by.
    named = tuple_(provider_messages.c.channel, provider_messages.c.provider_message_id).in_(gone)
    orphans = delete(provider_messages).where(provider_messages.c.message_id.is_(None), named)
    return last, Counter(message_events=len(gone), provider_messages=connection.execute(orphans).rowcount)


def _mentions(subject: Subject) -> ColumnElement[bool]:
    """Whether an event's words hold an identity, and not as a part of a longer one."""
    searched = [name for name in subject.identities if len(name) >= _SHORTEST_SEARCHED]
    words = func.concat_ws(
        " ",
        message_events.c.item_id,
        message_events.c.error_title,
        message_events.c.reason,
        # JSON in which letters are letters, whatever the provider wrote for them.
        message_events.c.attributes.op("#>>")(text("'{}'")),
    )
    # The plain search is quick and finds nearly always nothing; only what it finds is looked at closely.
    return or_(
        *(
            (func.strpos(words, name) > 0) & words.regexp_match(f"(^|[^0-9A-Za-z]){re.escape(name)}($|[^0-9A-Za-z])")
            for name in searched
        ),
        false(),
    )


def _erase_rest(connection: Connection, subject: Subject) -> Counts | None:
    _take_time(connection)
    # Whoever wants to write something down for the user waits for this row, and then finds no user.
    connection.execute(
        select(users.c.user_id)
        .where(owned_by(users, subject))
        .order_by(users.c.channel, users.c.user_id)
        .with_for_update()
    )
    if connection.execute(select(messages.c.id).where(owned_by(messages, subject)).limit(1)).first():
        return None
    own_calls = select(calls.c.call_sid).where(_own_calls(subject))
    own_conversations = select(conversations.c.id).where(owned_by(conversations, subject))
    names = user_aliases.c.alias.in_(subject.identities) | user_aliases.c.user_id.in_(subject.identities)
    here = true() if subject.channel is None else user_aliases.c.channel == subject.channel
    steps: list[tuple[Table, ColumnElement[bool]]] = [
        (recordings, recordings.c.call_sid.in_(own_calls)),
        (calls, _own_calls(subject)),
        (tool_calls, tool_calls.c.conversation_id.in_(own_conversations)),
        (call_backs, call_backs.c.conversation_id.in_(own_conversations)),
        (conversations, owned_by(conversations, subject)),
        (consent_events, owned_by(consent_events, subject)),
        (person_links, _own_links(subject)),
        (user_aliases, here & names),
        (users, owned_by(users, subject)),
    ]
    return Counter({table.name: connection.execute(delete(table).where(which)).rowcount for table, which in steps})


def _own_links(subject: Subject) -> ColumnElement[bool]:
    """With one of its identities a whole link goes: nobody is linked with nobody."""
    return person_links.c.person_id.in_(select(person_links.c.person_id).where(owned_by(person_links, subject)))


def _own_calls(subject: Subject) -> ColumnElement[bool]:
    if subject.channel not in (None, VOICE_CHANNEL):
        return ~true()
    return calls.c.caller_id.in_(subject.identities)


def _how_many(table: Table, which: ColumnElement[bool]) -> Select[Any]:
    return select(func.count()).select_from(table).where(which)


def _take_time(connection: Connection) -> None:
    connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'"))
