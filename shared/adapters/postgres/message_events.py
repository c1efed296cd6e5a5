"""What providers report about our messages, kept word for word and joined to the message it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.adapters.postgres.schema import deliveries, message_events, messages, provider_messages
from shared.domain.conversation import ConversationKey
from shared.domain.message import ChannelNotice, DeliveryStatus, StatusUpdate, later_status
from shared.domain.reply import place_of
from shared.ports.stores import RecordedStatus

_STATUS = "status"


def record_status(connection: Connection, report: StatusUpdate) -> RecordedStatus | None:
    """Keep the event and move its message forward; None when the message is not known yet."""
    _keep_status(connection, report)
    message_id = _find_message(connection, report)
    return None if message_id is None else _move_forward(connection, message_id, report)


def record_notice(connection: Connection, notice: ChannelNotice) -> None:
    """Keep a notice once. Its id stands for all that it says; when it came is no part of that."""
    if _is_kept(connection, notice.channel, notice.kind, notice.notice_id, notice.topic):
        return
    connection.execute(
        upsert(message_events)
        .values(
            channel=notice.channel,
            kind=notice.kind,
            item_id=notice.notice_id,
            reported=notice.topic,
            occurred_at=notice.occurred_at,
            reason=notice.reason,
            attributes=notice.payload,
        )
        .on_conflict_do_nothing()
    )


def join_reported_statuses(
    connection: Connection, *, channel: str, message_id: str, delivery_id: str | None, provider_ids: Iterable[str]
) -> None:
    """Make the message known under its provider ids and apply the statuses that came in before it did.

    Whoever writes a row of `provider_messages` second waits for the first one and then sees its work: a status that
    is being recorded at this very moment is joined by one side or the other.
    """
    known = list(dict.fromkeys(provider_ids))
    for provider_id in sorted(known):
        row = upsert(provider_messages).values(channel=channel, provider_message_id=provider_id, message_id=message_id)
        connection.execute(
            row.on_conflict_do_update(
                index_elements=[provider_messages.c.channel, provider_messages.c.provider_message_id],
                set_={"message_id": message_id},
            )
        )
    if delivery_id is None and not known:
        # Nothing that a provider could report about: what was spoken in a call.
        return
    is_ours: ColumnElement[bool] = message_events.c.item_id.in_(known)
    if delivery_id is not None:
        is_ours |= message_events.c.correlation_id.in_([delivery_id, *(f"{delivery_id}.{n}" for n in range(1, 10))])
    events = connection.execute(
        select(message_events)
        .where(message_events.c.kind == _STATUS, message_events.c.channel == channel, is_ours)
        .order_by(message_events.c.id)
    ).all()
    for event in events:
        _move_forward(connection, message_id, _status_update(event))


def first_reported_id(connection: Connection, delivery_id: str) -> str | None:
    """The provider's id in the first status that names the delivery."""
    return connection.execute(
        select(message_events.c.item_id)
        .where(message_events.c.correlation_id == delivery_id, message_events.c.kind == _STATUS)
        .order_by(message_events.c.id)
        .limit(1)
    ).scalar_one_or_none()


def _is_kept(connection: Connection, channel: str, kind: str, item_id: str, reported: str) -> bool:
    """Whether the same was told before, at whatever time. The queue hands repetitions over one by one."""
    same = select(message_events.c.id).where(
        message_events.c.channel == channel,
        message_events.c.kind == kind,
        message_events.c.item_id == item_id,
        message_events.c.reported == reported,
    )
    return connection.execute(same.limit(1)).first() is not None


def _keep_status(connection: Connection, report: StatusUpdate) -> None:
    """Keep the event once. What is not dated says no more when it is said again."""
    if not report.is_dated and _is_kept(
        connection, report.channel, _STATUS, report.provider_message_id, report.reported
    ):
        return
    connection.execute(
        upsert(message_events)
        .values(
            channel=report.channel,
            kind=_STATUS,
            item_id=report.provider_message_id,
            reported=report.reported,
            occurred_at=report.occurred_at,
            status=report.status,
            user_id=report.user_id,
            correlation_id=report.correlation_id,
            error_code=report.error_code,
            error_title=report.error_title,
            attributes=report.attributes,
        )
        .on_conflict_do_nothing()
    )


def _find_message(connection: Connection, report: StatusUpdate) -> str | None:
    """The message that the status is about: by our own delivery id if it carries one, else by the provider's id."""
    if report.correlation_id is not None:
        # Locked, so that a reply which is being stored at this moment is either seen here or sees the event.
        reply_id = connection.execute(
            select(deliveries.c.reply_id).where(deliveries.c.id == place_of(report.correlation_id)[0]).with_for_update()
        ).scalar_one_or_none()
        if reply_id is not None:
            return str(reply_id)
    row = upsert(provider_messages).values(channel=report.channel, provider_message_id=report.provider_message_id)
    message_id: str | None = connection.execute(
        row.on_conflict_do_update(
            index_elements=[provider_messages.c.channel, provider_messages.c.provider_message_id],
            set_={"message_id": provider_messages.c.message_id},
        ).returning(provider_messages.c.message_id)
    ).scalar_one()
    return message_id


def _move_forward(connection: Connection, message_id: str, report: StatusUpdate) -> RecordedStatus:
    message = connection.execute(
        select(
            messages.c.conversation_id,
            messages.c.channel,
            messages.c.user_id,
            messages.c.delivery_status,
            messages.c.attributes,
        )
        .where(messages.c.id == message_id)
        .with_for_update()
    ).one()
    current = DeliveryStatus(message.delivery_status or DeliveryStatus.SENT)
    status = current if report.status is None else later_status(current, report.status)
    if status is not current:
        attributes = {**message.attributes, **_failure(status, report)}
        connection.execute(
            update(messages).where(messages.c.id == message_id).values(delivery_status=status, attributes=attributes)
        )
    return RecordedStatus(
        message_id=message_id,
        conversation_id=message.conversation_id,
        key=ConversationKey(channel=message.channel, user_id=message.user_id),
        status=status,
    )


def _failure(status: DeliveryStatus, report: StatusUpdate) -> dict[str, Any]:
    if status is not DeliveryStatus.FAILED or report.error_code is None:
        return {}
    return {"error_code": report.error_code, "error_title": report.error_title}


def _status_update(event: Row[Any]) -> StatusUpdate:
    return StatusUpdate(
        channel=event.channel,
        provider_message_id=event.item_id,
        status=None if event.status is None else DeliveryStatus(event.status),
        reported=event.reported,
        occurred_at=event.occurred_at,
        error_code=event.error_code,
        error_title=event.error_title,
    )
