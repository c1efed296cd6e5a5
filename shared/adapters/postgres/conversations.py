"""Conversations: found or opened, read back, closed or handed to a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.adapters.postgres.column_types import AnyText, Moment
from shared.adapters.postgres.identifiers import is_id, new_id
from shared.adapters.postgres.schema import conversations, messages, users
from shared.domain.agent import RouteReason
from shared.domain.conversation import (
    CONTEXT_TURNS,
    Conversation,
    ConversationKey,
    ConversationStatus,
    Speaker,
    Turn,
)
from shared.domain.hand_over import hand_over_turns
from shared.domain.message import DeliveryStatus, MessageKind
from shared.errors import NotFound

_LATEST_FIRST = (conversations.c.last_message_at.desc(), conversations.c.id.desc())

# What every turn runs is built once: building a statement costs more than running it.
_USER = upsert(users)
_LOCK_USER = _USER.on_conflict_do_update(
    index_elements=[users.c.channel, users.c.user_id],
    set_={"last_seen_at": func.clock_timestamp(), "name": func.coalesce(_USER.excluded.name, users.c.name)},
).execution_options(is_awaited=False)
_LATEST = (
    select(conversations.c.id, conversations.c.status, conversations.c.last_message_at)
    .where(conversations.c.channel == bindparam("channel"), conversations.c.user_id == bindparam("user_id"))
    .order_by(*_LATEST_FIRST)
    .limit(1)
)
# What is answered together with a later message is a part of that one's question until it is answered.
_asked = messages.alias("asked")
_IS_NOT_BEING_ASKED = ~exists().where(_asked.c.id == messages.c.joined_to, _asked.c.state != "done")
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


def find_or_open(
    connection: Connection, key: ConversationKey, *, at: datetime, gap: timedelta
) -> tuple[str, ConversationStatus]:
    """The user's conversation that something said at `at` belongs to. The user must be locked."""
    latest = connection.execute(_LATEST, {"channel": key.channel, "user_id": key.user_id}).one_or_none()
    if latest and latest.status != ConversationStatus.CLOSED and at - latest.last_message_at < gap:
        return latest.id, ConversationStatus(latest.status)
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
    return conversation_id, ConversationStatus.OPEN


def note_message(connection: Connection, conversation_id: str, *, at: datetime, agent_id: str | None = None) -> None:
    """Count a message in its conversation and note who spoke, if it was an agent."""
    connection.execute(_NOTE_MESSAGE, {"conversation_id": conversation_id, "said_at": at, "said_by": agent_id})


def load_conversation(connection: Connection, key: ConversationKey, gap: timedelta) -> Conversation | None:
    """The user's current conversation; what is still being answered is not part of its past."""
    current = connection.execute(
        select(conversations.c.id, conversations.c.status)
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
        select(
            messages.c.speaker,
            messages.c.text,
            messages.c.sent_at,
            messages.c.agent_id,
            messages.c.interrupted,
            messages.c.route_reason,
            messages.c.route_detail,
        )
        .where(
            messages.c.conversation_id == current.id,
            messages.c.state.is_(None) | (messages.c.state == "done"),
            _IS_NOT_BEING_ASKED,
            (messages.c.text != "") | (messages.c.route_reason == RouteReason.HANDED_OVER),
            messages.c.delivery_status.is_distinct_from(DeliveryStatus.FAILED),
        )
        .order_by(messages.c.sent_at.desc(), messages.c.arrival.desc())
        .limit(CONTEXT_TURNS)
    ).all()
    turns = tuple(turn for row in reversed(latest) for turn in _turns(row))[-CONTEXT_TURNS:]
    return Conversation(id=current.id, key=key, status=ConversationStatus(current.status), turns=turns)


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


def _turns(row: Row[Any]) -> list[Turn]:
    """The turn, after notes of how agents passed it among each other."""
    turns = hand_over_turns(row.route_reason, row.route_detail, row.agent_id, at=row.sent_at)
    if not row.text:
        return turns
    said = Turn(
        speaker=Speaker(row.speaker),
        text=row.text,
        at=row.sent_at,
        agent_id=row.agent_id,
        interrupted=row.interrupted,
    )
    return [*turns, said]
