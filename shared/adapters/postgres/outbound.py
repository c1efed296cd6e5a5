"""OutboundMessages over PostgreSQL: a turn that waits for its sending, and its row of the outbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared import tracing
from shared.adapters.postgres import conversations, message_events
from shared.adapters.postgres.consent import PostgresConsentStore
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.identifiers import new_id
from shared.adapters.postgres.schema import deliveries, messages, user_aliases
from shared.domain.content import Content, MessageTemplate, TextContent, file_of
from shared.domain.conversation import ConversationKey, Speaker
from shared.domain.json_value import JSON
from shared.domain.message import Delivery, DeliveryStatus, MessageKind
from shared.domain.outbound import HeldContent, LastHeard, OutboundMessage, SentMessage
from shared.errors import AlreadyClaimed, NotFound

_NOT_BY_THE_USER = (MessageKind.ECHO, MessageKind.SYSTEM)


class PostgresOutboundMessages:
    """Implements `OutboundMessages`."""

    def __init__(self, database: Database, *, conversation_gap_hours: int = 24) -> None:
        self._database = database
        self._gap = timedelta(hours=conversation_gap_hours)

    async def find(self, delivery_id: str) -> SentMessage | None:
        """See `OutboundMessages.find`."""
        return await self._database.run(lambda connection: _find(connection, delivery_id))

    async def last_heard(self, key: ConversationKey) -> LastHeard | None:
        """See `OutboundMessages.last_heard`."""
        return await self._database.run(lambda connection: _last_heard(connection, key))

    async def has_opted_out(self, key: ConversationKey) -> bool:
        """See `OutboundMessages.has_opted_out`."""
        return await PostgresConsentStore(self._database).has_opted_out(key)

    async def hold(self, message: OutboundMessage, *, delivery_id: str, held: HeldContent) -> SentMessage:
        """See `OutboundMessages.hold`."""
        return await self._database.run(lambda connection: _hold(connection, message, delivery_id, held, self._gap))

    async def fallback_of(self, message_id: str) -> OutboundMessage | None:
        """See `OutboundMessages.fallback_of`."""
        return await self._database.run_alone(lambda connection: _fallback_of(connection, message_id))

    async def begin(self, delivery_id: str, *, lease_seconds: int) -> SentMessage:
        """See `OutboundMessages.begin`."""
        return await self._database.run(lambda connection: _begin(connection, delivery_id, lease_seconds))

    async def give_back(self, delivery_id: str) -> None:
        """See `OutboundMessages.give_back`."""
        await self._database.run(lambda connection: _give_back(connection, delivery_id))

    async def complete(self, delivery_id: str, delivery: Delivery) -> SentMessage:
        """See `OutboundMessages.complete`."""
        return await self._database.run(lambda connection: _complete(connection, delivery_id, delivery))


def _select() -> Select[Any]:
    return select(
        deliveries,
        messages.c.conversation_id,
        messages.c.delivery_status,
        messages.c.text.label("turn_text"),
        messages.c.attributes,
    ).join(messages, messages.c.id == deliveries.c.message_id)


def _find(connection: Connection, delivery_id: str) -> SentMessage | None:
    row = connection.execute(_select().where(deliveries.c.id == delivery_id)).one_or_none()
    return None if row is None else _sent_message(row)


def _sent_message(row: Row[Any]) -> SentMessage:
    # While it is on its way the outbox knows more; after that the turn does, which statuses move forward.
    is_under_way = row.status in {DeliveryStatus.PENDING, DeliveryStatus.SENDING}
    return SentMessage(
        delivery_id=row.id,
        message_id=row.message_id,
        conversation_id=row.conversation_id,
        turn_text=row.turn_text,
        status=DeliveryStatus(row.status if is_under_way else row.delivery_status),
        held=None if row.content is None else msgspec.convert(row.content, HeldContent),
        failure_reason=row.attributes.get("error_reason"),
    )


def _last_heard(connection: Connection, key: ConversationKey) -> LastHeard | None:
    user_id, identities = _known_as(connection, key)
    row = connection.execute(
        select(
            func.least(messages.c.sent_at, messages.c.stored_at).label("at"),
            messages.c.business_id,
            func.coalesce(messages.c.address, messages.c.user_id).label("address"),
        )
        .where(
            messages.c.user_id.in_(identities),
            messages.c.channel == key.channel,
            messages.c.direction == "inbound",
            messages.c.kind.not_in(_NOT_BY_THE_USER),
        )
        .order_by(messages.c.sent_at.desc(), messages.c.arrival.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    address = "" if row.address == user_id else row.address
    return LastHeard(at=row.at, business_id=row.business_id or "", user_id=user_id, address=address)


def _known_as(connection: Connection, key: ConversationKey) -> tuple[str, set[str]]:
    """The identity under which the user's conversations are kept, and all that belong to the user."""
    its_channel = user_aliases.c.channel == key.channel
    first = connection.execute(
        select(user_aliases.c.user_id).where(its_channel, user_aliases.c.alias == key.user_id)
    ).scalar_one_or_none()
    if first is None:
        return key.user_id, {key.user_id}
    aliases = connection.execute(select(user_aliases.c.alias).where(its_channel, user_aliases.c.user_id == first))
    return first, {first, key.user_id, *aliases.scalars()}


def _hold(
    connection: Connection, message: OutboundMessage, delivery_id: str, held: HeldContent, gap: timedelta
) -> SentMessage:
    # The user's lock also decides between two requests with the same key.
    conversations.lock_user(connection, message.key, None)
    kept = _find(connection, delivery_id)
    if kept is not None:
        return kept
    now = connection.execute(select(func.clock_timestamp())).scalar_one()
    conversation_id = conversations.find_or_open(connection, message.key, at=now, gap=gap).id
    message_id = new_id()
    connection.execute(
        insert(messages).values(
            id=message_id,
            conversation_id=conversation_id,
            channel=message.key.channel,
            user_id=message.key.user_id,
            business_id=message.business_id,
            direction="outbound",
            speaker=Speaker.HUMAN if message.agent_id is None else Speaker.AGENT,
            kind=message.content.kind,
            text=message.turn_text,
            sent_at=now,
            reply_to=message.reply_to,
            address=message.address or None,
            agent_id=message.agent_id,
            delivery_status=DeliveryStatus.PENDING,
            attributes=_attributes(message),
            trace_id=tracing.trace_id() or None,
        )
    )
    connection.execute(
        upsert(deliveries)
        .values(
            id=delivery_id,
            message_id=message_id,
            reply_id=message_id,
            status=DeliveryStatus.PENDING,
            text=message.turn_text,
            agent_id=message.agent_id,
            content=msgspec.to_builtins(held),
        )
        .on_conflict_do_nothing(index_elements=[deliveries.c.id])
    )
    conversations.note_message(connection, conversation_id, at=now, agent_id=message.agent_id)
    return _known(connection, delivery_id)


def _attributes(message: OutboundMessage) -> dict[str, JSON]:
    """What was sent beyond its words, and by whom, for whoever looks at the conversation."""
    by = {"person": message.person} if message.person else {}
    return {**_facts(message.content), **by}


def _facts(content: Content) -> dict[str, JSON]:
    if isinstance(content, TextContent):
        return {}
    if isinstance(content, MessageTemplate):
        return {"template": content.name, "variables": list(content.variables)}
    file = file_of(content)
    if file is not None:
        # A link may carry what only the provider is to know.
        return {"file_kind": file.file_kind, "key": file.key, "filename": file.filename, "mime_type": file.mime_type}
    facts: dict[str, JSON] = msgspec.to_builtins(content)
    return facts


def _fallback_of(connection: Connection, message_id: str) -> OutboundMessage | None:
    row = connection.execute(
        select(
            deliveries.c.content,
            messages.c.channel,
            messages.c.user_id,
            messages.c.business_id,
            messages.c.agent_id,
            messages.c.attributes,
        )
        .join(messages, messages.c.id == deliveries.c.message_id)
        # Of a reply, the outbox names the question here.
        .where(deliveries.c.message_id == message_id, deliveries.c.reply_id == message_id)
    ).one_or_none()
    held = None if row is None or row.content is None else msgspec.convert(row.content, HeldContent)
    if row is None or held is None or held.fallback is None or held.uses_fallback:
        return None
    return OutboundMessage(
        key=ConversationKey(channel=row.channel, user_id=row.user_id),
        content=held.fallback,
        business_id=row.business_id or "",
        agent_id=row.agent_id,
        person=row.attributes.get("person", ""),
    )


def _begin(connection: Connection, delivery_id: str, lease_seconds: int) -> SentMessage:
    before = _known(connection, delivery_id)
    lease_ended = deliveries.c.updated_at < func.clock_timestamp() - timedelta(seconds=lease_seconds)
    taken = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery_id,
            (deliveries.c.status == DeliveryStatus.PENDING)
            | ((deliveries.c.status == DeliveryStatus.SENDING) & lease_ended),
        )
        .values(status=DeliveryStatus.SENDING, attempts=deliveries.c.attempts + 1, updated_at=func.clock_timestamp())
    )
    if taken.rowcount == 0 and before.status in {DeliveryStatus.PENDING, DeliveryStatus.SENDING}:
        raise AlreadyClaimed("The message is being sent.")
    return before


def _give_back(connection: Connection, delivery_id: str) -> None:
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.status == DeliveryStatus.SENDING)
        .values(status=DeliveryStatus.PENDING, updated_at=func.clock_timestamp())
    )


def _complete(connection: Connection, delivery_id: str, delivery: Delivery) -> SentMessage:
    row = connection.execute(
        select(messages.c.id, messages.c.channel, messages.c.attributes)
        .join(deliveries, deliveries.c.message_id == messages.c.id)
        .where(deliveries.c.id == delivery_id)
        .with_for_update()
    ).one()
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(status=delivery.status, updated_at=func.clock_timestamp())
    )
    connection.execute(
        update(messages)
        .where(messages.c.id == row.id)
        .values(
            delivery_status=delivery.status,
            provider_message_id=delivery.provider_message_ids[0] if delivery.provider_message_ids else None,
            attributes={**row.attributes, **delivery.attributes},
            **({"text": delivery.text} if delivery.text else {}),
        )
    )
    message_events.join_reported_statuses(
        connection,
        channel=row.channel,
        message_id=row.id,
        delivery_id=delivery_id,
        delivery=delivery,
    )
    return _known(connection, delivery_id)


def _known(connection: Connection, delivery_id: str) -> SentMessage:
    known = _find(connection, delivery_id)
    if known is None:
        raise NotFound("There is no such message.")
    return known
