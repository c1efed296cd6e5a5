"""What the filters of the history mean in rows; the words of turns are `turn_search`'s."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, any_, case, exists, false, func, literal, select, text, true, union_all

from shared.adapters.postgres.column_types import storable_text
from shared.adapters.postgres.schema import calls, conversations, messages, user_aliases
from shared.domain.call import VOICE_CHANNEL
from shared.domain.conversation import ConversationStatus
from shared.domain.message import DeliveryStatus, Unanswered
from shared.ports.history import HistoryFilter

# Must read as in the index `messages_attention`.
_MAY_ASK_FOR_A_PERSON = text(
    "(messages.direction = 'inbound' AND messages.unanswered_because = 'stale' OR messages.direction = 'outbound'"
    " AND (messages.delivery_status = 'failed' OR jsonb_exists(messages.attributes, 'parts_missing')))"
)


def needs_attention(conversation_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a person should look: the latest of what asks for one and of what we said since does ask for one."""
    is_stale = (messages.c.direction == "inbound") & (messages.c.unanswered_because == Unanswered.STALE)
    has_failed = (messages.c.delivery_status == DeliveryStatus.FAILED) | func.jsonb_exists(
        messages.c.attributes, "parts_missing"
    )
    latest = (
        select(case((messages.c.direction == "outbound", has_failed), else_=true()))
        .where(messages.c.conversation_id == conversation_id, (messages.c.direction == "outbound") | is_stale)
        .order_by(messages.c.sent_at.desc(), messages.c.arrival.desc())
        .limit(1)
    )
    # Nearly all conversations are done with by a glance at an index of the few messages that may ask for a person.
    any_at_all = select(true()).where(messages.c.conversation_id == conversation_id, _MAY_ASK_FOR_A_PERSON).limit(1)
    glance = any_at_all.correlate_except(messages).scalar_subquery()
    look = func.coalesce(latest.correlate_except(messages).scalar_subquery(), false())
    return case((glance.is_(true()), look), else_=false())


def conversation_conditions(wanted: HistoryFilter) -> list[ColumnElement[bool]]:
    """Of conversations: what an index serves, or nearly all fulfil; not the words, nor that attention is needed."""
    equal = {
        conversations.c.channel: wanted.channel,
        conversations.c.agent_id: wanted.agent_id,
        conversations.c.status: wanted.status,
    }
    conditions = [column == value for column, value in equal.items() if value is not None]
    conditions += _within(wanted, conversations.c.last_message_at)
    if wanted.user_id is not None:
        conditions.append(_is_user(conversations.c.user_id, wanted.user_id))
    if wanted.needs_attention is False:
        conditions.append(~needs_attention(conversations.c.id))
    return conditions


def call_conditions(wanted: HistoryFilter) -> list[ColumnElement[bool]]:
    """Of calls, all but the words."""
    conditions = _within(wanted, calls.c.started_at)
    if wanted.user_id is not None:
        conditions.append(_is_user(calls.c.caller_id, wanted.user_id))
    if wanted.agent_id is not None:
        conditions.append(calls.c.agent_id == wanted.agent_id)
    if wanted.call_states:
        conditions.append(calls.c.state.in_(wanted.call_states))
    if wanted.channel not in (None, VOICE_CHANNEL):
        conditions.append(false())
    if wanted.status is not None:
        conditions.append(_is_of_conversation(wanted.status))
    return conditions


def _is_of_conversation(status: ConversationStatus) -> ColumnElement[bool]:
    if status is ConversationStatus.OPEN:
        return exists().where(conversations.c.id == calls.c.conversation_id, conversations.c.status == status)
    # The others are few, so their ids are read first; in a "case" the planner leaves it at that.
    few = select(conversations.c.id).where(conversations.c.status == status)
    return case((calls.c.conversation_id.in_(few), true()), else_=false())


def _is_user(column: ColumnElement[str], identity: str) -> ColumnElement[bool]:
    """Whether it is this user, whichever of the user's identities is named; they are looked up once for the query."""
    named = storable_text(identity)
    stated, other = user_aliases.alias(), user_aliases.alias()
    is_same_user = (other.c.channel == stated.c.channel) & (other.c.user_id == stated.c.user_id)
    identities = union_all(
        select(literal(named)),
        select(stated.c.user_id).where(stated.c.alias == named),
        select(other.c.alias).join_from(stated, other, is_same_user).where(stated.c.alias == named),
    )
    return column == any_(func.array(identities.scalar_subquery()))


def _within(wanted: HistoryFilter, time: ColumnElement[datetime]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(time >= wanted.since)
    if wanted.until is not None:
        conditions.append(time < wanted.until)
    return conditions
