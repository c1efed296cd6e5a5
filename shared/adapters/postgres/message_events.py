"""What providers report about our messages, kept word for word and joined to the message it is about."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.adapters.postgres import delivery_parts
from shared.adapters.postgres.message_outcomes import STATUS, bring_up_to_date
from shared.adapters.postgres.schema import deliveries, message_events, provider_messages
from shared.domain.message import ChannelNotice, Delivery, StatusUpdate
from shared.domain.reply import place_of
from shared.ports.stores import RecordedStatus

# One entry for the same words of the same moment, and for the same words where the provider names no moment.
_KEEP = upsert(message_events).inline().on_conflict_do_nothing().execution_options(is_awaited=False)
_PLACE = upsert(provider_messages)
_BY_PROVIDER_ID = [provider_messages.c.channel, provider_messages.c.provider_message_id]
_MAKE_KNOWN = _PLACE.on_conflict_do_update(
    index_elements=_BY_PROVIDER_ID, set_={"message_id": _PLACE.excluded.message_id}
).execution_options(is_awaited=False)
_ASK = _PLACE.on_conflict_do_update(
    index_elements=_BY_PROVIDER_ID, set_={"message_id": provider_messages.c.message_id}
).returning(provider_messages.c.message_id)
_DELIVERY = select(deliveries.c.reply_id).where(deliveries.c.id == bindparam("delivery_id"))


def record_status(connection: Connection, report: StatusUpdate) -> RecordedStatus | None:
    """Keep the event and move its message forward; None when the message is not known yet."""
    _keep_status(connection, report)
    message_id = _find_message(connection, report)
    return None if message_id is None else bring_up_to_date(connection, message_id)


def record_notice(connection: Connection, notice: ChannelNotice) -> None:
    """Keep a notice once. Its id stands for all that it says; when it came is no part of that."""
    connection.execute(
        _KEEP,
        {
            "channel": notice.channel,
            "kind": notice.kind,
            "item_id": notice.notice_id,
            "reported": notice.topic,
            "occurred_at": notice.occurred_at,
            "is_dated": False,
            "reason": notice.reason,
            "attributes": notice.payload,
        },
    )


def make_known(connection: Connection, *, channel: str, message_id: str, provider_ids: Iterable[str]) -> None:
    """Make a message known under its provider ids, so that statuses find it.

    Whoever writes a row of `provider_messages` second waits for the first one and then sees its work: a status that
    is being recorded at this very moment is joined by one side or the other.
    """
    for provider_id in sorted(set(provider_ids)):
        row = {"channel": channel, "provider_message_id": provider_id, "message_id": message_id}
        connection.execute(_MAKE_KNOWN, row)


def join_reported_statuses(
    connection: Connection, *, channel: str, message_id: str, delivery_id: str, delivery: Delivery
) -> RecordedStatus:
    """Keep the parts that a message left in and apply the statuses that came in before it was known."""
    for part in delivery.as_parts:
        delivery_parts.note(connection, channel, delivery_id, part)
    make_known(connection, channel=channel, message_id=message_id, provider_ids=delivery.provider_message_ids)
    return bring_up_to_date(connection, message_id)


def first_reported_id(connection: Connection, delivery_id: str) -> str | None:
    """The provider's id in the first status that names the delivery."""
    return connection.execute(
        select(message_events.c.item_id)
        .where(message_events.c.correlation_id == delivery_id, message_events.c.kind == STATUS)
        .order_by(message_events.c.id)
        .limit(1)
    ).scalar_one_or_none()


def _keep_status(connection: Connection, report: StatusUpdate) -> None:
    """Keep the event once."""
    connection.execute(
        _KEEP,
        {
            "channel": report.channel,
            "kind": STATUS,
            "item_id": report.provider_message_id,
            "reported": report.reported,
            "occurred_at": report.occurred_at,
            "is_dated": report.is_dated,
            "status": report.status,
            "user_id": report.user_id,
            "correlation_id": report.correlation_id,
            "error_code": report.error_code,
            "error_title": report.error_title,
            "attributes": report.attributes,
        },
    )


def _find_message(connection: Connection, report: StatusUpdate) -> str | None:
    """The message that the status is about: by our own delivery id if it carries one, else by the provider's id."""
    if report.correlation_id is not None:
        delivery_id, _ = place_of(report.correlation_id)
        delivery = connection.execute(_DELIVERY, {"delivery_id": delivery_id}).one_or_none()
        if delivery is not None and delivery.reply_id is None:
            # Locked, so that a reply which is being stored at this moment is either seen here or sees the event.
            delivery = connection.execute(_DELIVERY.with_for_update(), {"delivery_id": delivery_id}).one()
        if delivery is not None:
            return str(delivery.reply_id) if delivery.reply_id is not None else None
    wanted = {"channel": report.channel, "provider_message_id": report.provider_message_id}
    message_id: str | None = connection.execute(_ASK, wanted).scalar_one()
    return message_id
