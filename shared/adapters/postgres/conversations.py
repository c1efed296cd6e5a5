"""Conversations: found or opened, read back, closed or handed to a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.adapters.postgres.column_types import AnyText, Moment
from shared.adapters.postgres.identifiers import is_id, new_id
from shared.adapters.postgres.linked_past import is_linked, read_elsewhere
from shared.adapters.postgres.past_turns import IS_OVER, IS_PAST, NEWEST_FIRST, TURN_COLUMNS, turns_of
from shared.adapters.postgres.schema import conversations, messages, users
from shared.domain.conversation import (
    CONTEXT_TURNS,
    Conversation,
    ConversationKey,
    ConversationStatus,
    Speaker,
)
from shared.domain.message import MessageKind
from shared.errors import NotFound

_LATEST_FIRST = (conversations.c.last_message_at.desc(), conversations.c.id.desc())

# What every turn runs is built once: building a statement costs more than running it.
_USER = upsert(users)
_LOCK_USER = _USER.on_conflict_do_update(
    index_elements=[users.c.channel, users.c.user_id],
    set_={"last_seen_at": func.clock_timestamp(), "name": func.coalesce(_USER.excluded.name, users.c.name)},
).execution_options(is_awaited=False)
_LATEST = (
    select(conversations.c.id, conversations.c.status, conversations.c.last_message_at, conversations.c.message_count)
    .where(conversations.c.channel == bindparam("channel"), conversations.c.user_id == bindparam("user_id"))
    .order_by(*_LATEST_FIRST)
    .limit(1)
)
_UNFINISHED = (
    select(func.count())
    .where(messages.c.conversation_id == conversations.c.id, ~IS_OVER)
    .correlate(conversations)
    .scalar_subquery()
)
_NOTE_MESSAGE = (
    update(conversations)
    .where(conversations.c.id == bindparam("conversation_id"))
    .values(
        message_count=conversations.c.message_count + 1,
        last_message_at=func.greatest(conversations.c.last_message_at, bindparam("said_at", type_=Moment)),
        last_activity_at=func.clock_timestamp(),
        agent_id=func.coalesce(bindparam("said_by", type_=AnyText), conversations.c.agent_id),
    )
    .execution_options(is_awaited=False)
)


def lock_user(connection: Connection, key: ConversationKey, name: str | None) -> None:
    """Note that the user was here; until the transaction ends, nobody else opens a conversation for the user."""
    connection.execute(_LOCK_USER, {"channel": key.channel, "user_id": key.user_id, "name": name})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A conversation that something said belongs to, and how many messages it had before."""

    id: str
    status: ConversationStatus = ConversationStatus.OPEN
    message_count: int = 0


def find_or_open(connection: Connection, key: ConversationKey, *, at: datetime, gap: timedelta) -> Found:
    """The user's conversation that something said at `at` belongs to. The user must be locked."""
    latest = connection.execute(_LATEST, {"channel": key.channel, "user_id": key.user_id}).one_or_none()
    if latest and latest.status != ConversationStatus.CLOSED and at - latest.last_message_at < gap:
        return Found(id=latest.id, status=ConversationStatus(latest.status), message_count=latest.message_count)
    conversation_id = new_id()
    connection.execute(
        insert(conversations).values(
            id=conversation_id,
            channel=key.channel,
            user_id=key.user_id,
            status=ConversationStatus.OPEN,
            started_at=at,
            last_message_at=at,
        )
    )
    return Found(id=conversation_id)


def note_message(connection: Connection, conversation_id: str, *, at: datetime, agent_id: str | None = None) -> None:
    """Count a message in its conversation and note who spoke, if it was an agent."""
    connection.execute(_NOTE_MESSAGE, {"conversation_id": conversation_id, "said_at": at, "said_by": agent_id})


def load_conversation(connection: Connection, key: ConversationKey, gap: timedelta) -> Conversation | None:
    """The user's current conversation; what is still being answered is not part of its past."""
    current = connection.execute(
        select(
            conversations.c.id,
            conversations.c.status,
            conversations.c.summary,
            conversations.c.summarised_until,
            (conversations.c.message_count - _UNFINISHED).label("message_count"),
            is_linked(key).label("is_linked"),
        )
        .where(
            _of(key),
            conversations.c.status != ConversationStatus.CLOSED,
            conversations.c.last_activity_at > func.clock_timestamp() - gap,
        )
        .order_by(*_LATEST_FIRST)
        .limit(1)
    ).one_or_none()
    if current is None:
        return None
    latest = connection.execute(
        select(*TURN_COLUMNS)
        .where(
            messages.c.conversation_id == current.id,
            messages.c.arrival > current.summarised_until,
            IS_PAST,
        )
        .order_by(*NEWEST_FIRST)
        .limit(CONTEXT_TURNS)
    ).all()
    return Conversation(
        id=current.id,
        key=key,
        status=ConversationStatus(current.status),
        turns=tuple(turn for row in reversed(latest) for turn in turns_of(row))[-CONTEXT_TURNS:],
        summary=current.summary,
        # Only of a person who agreed to it is more read than of this one identity.
        elsewhere=read_elsewhere(connection, key) if current.is_linked else None,
        message_count=current.message_count,
    )


def set_status(connection: Connection, conversation_id: str, status: ConversationStatus, note: str) -> None:
    """Change the status and keep the note as a turn of the system."""
    changed = None
    if is_id(conversation_id):
        changed = connection.execute(
            update(conversations)
            .where(conversations.c.id == conversation_id)
            .values(status=status)
            .returning(conversations.c.channel, conversations.c.user_id, func.clock_timestamp().label("now"))
        ).one_or_none()
    if changed is None:
        raise NotFound("There is no such conversation.")
    connection.execute(
        insert(messages).values(
            id=new_id(),
            conversation_id=conversation_id,
            channel=changed.channel,
            user_id=changed.user_id,
            direction="internal",
            speaker=Speaker.SYSTEM,
            kind=MessageKind.TEXT,
            text=note,
            sent_at=changed.now,
        )
    )
    note_message(connection, conversation_id, at=changed.now)


def _of(key: ConversationKey) -> ColumnElement[bool]:
    return (conversations.c.channel == key.channel) & (conversations.c.user_id == key.user_id)
