"""Bringing a message of ours up to date with what was reported about it.

Whatever comes, and in whatever order, the outcome is worked out anew from the whole log: it depends on nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select, update

from shared.adapters.postgres import delivery_parts
from shared.adapters.postgres.schema import message_events, messages, provider_messages
from shared.domain.conversation import ConversationKey
from shared.domain.message import DeliveryStatus, ReplyPart, StatusUpdate
from shared.domain.outcome import Outcome, outcome_of, outcomes_of, status_of
from shared.ports.stores import RecordedStatus

STATUS = "status"
"""The kind of the log's entries that are about messages of ours."""

# Whoever brings a message up to date has it locked, so that of two who do the second one sees what the first one saw.
_LOCK = (
    select(
        messages.c.conversation_id,
        messages.c.channel,
        messages.c.user_id,
        messages.c.delivery_status,
        messages.c.attributes,
    )
    .where(messages.c.id == bindparam("message_id"))
    .with_for_update()
)
_PROVIDER_IDS = select(provider_messages.c.provider_message_id).where(
    provider_messages.c.message_id == bindparam("message_id")
)
_MOVE = (
    update(messages)
    .where(messages.c.id == bindparam("moved_id"))
    .values(delivery_status=bindparam("status"), attributes=bindparam("facts", type_=messages.c.attributes.type))
    .execution_options(is_awaited=False)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message of ours as it stands, and the delivery it left by; one that was spoken has none."""

    id: str
    conversation_id: str
    key: ConversationKey
    status: DeliveryStatus
    attributes: dict[str, Any]
    delivery_id: str | None = None
    outcomes: tuple[Outcome, ...] = ()


def bring_up_to_date(connection: Connection, message_id: str) -> RecordedStatus:
    """Work out what became of a message, and keep it."""
    row = connection.execute(_LOCK, {"message_id": message_id}).one()
    delivery_id, outcomes = delivery_parts.load_outcomes(connection, message_id)
    kept = KeptMessage(
        id=message_id,
        conversation_id=row.conversation_id,
        key=ConversationKey(channel=row.channel, user_id=row.user_id),
        status=DeliveryStatus(row.delivery_status or DeliveryStatus.SENT),
        attributes=row.attributes,
        delivery_id=delivery_id,
        outcomes=outcomes,
    )
    return settle(connection, kept)


def settle(connection: Connection, kept: KeptMessage) -> RecordedStatus:
    """The same for a message that nobody else can change at this moment."""
    outcomes = _outcomes(connection, kept)
    if kept.delivery_id is not None:
        for before, after in zip(kept.outcomes, outcomes, strict=False):
            if after != before:
                delivery_parts.settle(connection, kept.delivery_id, after)
    status = status_of(outcomes, current=kept.status)
    attributes = _attributes(kept, status, outcomes)
    if status is not kept.status or attributes != kept.attributes:
        connection.execute(_MOVE, {"moved_id": kept.id, "status": status, "facts": attributes})
    return RecordedStatus(
        message_id=kept.id,
        conversation_id=kept.conversation_id,
        key=kept.key,
        status=status,
        error_code=attributes.get("error_code") if status is DeliveryStatus.FAILED else None,
    )


def _outcomes(connection: Connection, kept: KeptMessage) -> list[Outcome]:
    if kept.outcomes:
        parts = [outcome.part for outcome in kept.outcomes]
        ids = [part.provider_message_id for part in parts if part.provider_message_id is not None]
        return outcomes_of(parts, kept.delivery_id, _reports(connection, kept, ids))
    # It left before parts were kept, or without the outbox: one message, under however many ids.
    ids = list(connection.execute(_PROVIDER_IDS, {"message_id": kept.id}).scalars())
    whole = ReplyPart(position=1, text="", status=kept.status, provider_message_id=ids[0] if ids else None)
    return [outcome_of(whole, _reports(connection, kept, ids))]


def _reports(connection: Connection, kept: KeptMessage, provider_ids: Sequence[str]) -> list[StatusUpdate]:
    is_about_it: ColumnElement[bool] = message_events.c.item_id.in_(provider_ids)
    if kept.delivery_id is not None:
        names = [kept.delivery_id, *(f"{kept.delivery_id}.{outcome.part.position}" for outcome in kept.outcomes)]
        is_about_it |= message_events.c.correlation_id.in_(names)
    events = connection.execute(
        select(message_events).where(
            message_events.c.kind == STATUS, message_events.c.channel == kept.key.channel, is_about_it
        )
    )
    return [_status_update(event) for event in events]


def _attributes(kept: KeptMessage, status: DeliveryStatus, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The message's attributes with the reason of its failure, or without, once it arrived all the same."""
    if status is not DeliveryStatus.FAILED:
        has_recovered = kept.status is DeliveryStatus.FAILED
        reasons = {"error_code", "error_title"} if has_recovered else set()
        return {name: fact for name, fact in kept.attributes.items() if name not in reasons}
    failed = next((outcome for outcome in outcomes if outcome.part.error_code is not None), None)
    if failed is None or failed.part.error_code == kept.attributes.get("error_code"):
        return kept.attributes
    return {**kept.attributes, "error_code": failed.part.error_code, "error_title": failed.error_title}


def _status_update(event: Row[Any]) -> StatusUpdate:
    return StatusUpdate(
        channel=event.channel,
        provider_message_id=event.item_id,
        status=None if event.status is None else DeliveryStatus(event.status),
        reported=event.reported,
        occurred_at=event.occurred_at,
        correlation_id=event.correlation_id,
        error_code=event.error_code,
        error_title=event.error_title,
        attributes=event.attributes or {},
    )
