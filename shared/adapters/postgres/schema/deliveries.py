"""What we send, part by part, and what providers report about it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from shared.adapters.postgres.column_types import AnyJSON, AnyText, Moment
from shared.adapters.postgres.schema.foundation import EMPTY, NOW, Id, metadata

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("message_id", Id, ForeignKey("messages.id"), nullable=False, unique=True),
    Column("reply_id", Id, ForeignKey("messages.id")),
    Column("status", Text, nullable=False),
    Column("text", AnyText, nullable=False),
    Column("agent_id", AnyText),
    Column("route", AnyJSON),
    Column("usage", AnyJSON),
    Column("stages_ms", AnyJSON, nullable=False, server_default=EMPTY),
    Column("citations", AnyJSON, nullable=False, server_default=text("'[]'")),
    # What is sent if it is more than `text`: buttons, a file, a template, or the wish to be spoken.
    Column("content", AnyJSON),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False, server_default=NOW),
    Column("updated_at", Moment, nullable=False, server_default=NOW),
)
# For erasing: whoever deletes a message, PostgreSQL looks for what refers to it.
Index("deliveries_reply", deliveries.c.reply_id, postgresql_where=deliveries.c.reply_id.is_not(None))

# The messages that a delivery takes on its channel: one, unless its text is longer than the channel carries.
delivery_parts = Table(
    "delivery_parts",
    metadata,
    Column("delivery_id", AnyText, ForeignKey("deliveries.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("text", AnyText, nullable=False),
    Column("status", Text, nullable=False),
    Column("channel", AnyText),
    Column("provider_message_id", AnyText),
    # When the provider took it.
    Column("taken_at", Moment),
    Column("error_code", AnyText),
    Column("error_title", AnyText),
    # What the provider says that it costs; the two facts that are counted stand beside it.
    Column("pricing", AnyJSON),
    Column("category", AnyText),
    Column("is_billable", Boolean),
    Column("conversation", AnyJSON),
    Column("updated_at", Moment, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("delivery_id", "position"),
)
Index(
    "delivery_parts_charges",
    delivery_parts.c.taken_at,
    delivery_parts.c.channel,
    delivery_parts.c.category,
    delivery_parts.c.is_billable,
    postgresql_where=delivery_parts.c.taken_at.is_not(None) & (delivery_parts.c.status != text("'failed'")),
)
Index(
    "delivery_parts_provider",
    delivery_parts.c.provider_message_id,
    postgresql_where=delivery_parts.c.provider_message_id.is_not(None),
)

# Where a reply and the statuses about it meet, whichever comes first: both write this row, so one sees the other.
provider_messages = Table(
    "provider_messages",
    metadata,
    Column("channel", AnyText, nullable=False),
    Column("provider_message_id", AnyText, nullable=False),
    Column("message_id", Id, ForeignKey("messages.id")),
    Column("noted_at", Moment, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("channel", "provider_message_id"),
)
Index(
    "provider_messages_unknown",
    provider_messages.c.noted_at,
    postgresql_where=provider_messages.c.message_id.is_(None),
)
# For erasing, as above.
Index(
    "provider_messages_message",
    provider_messages.c.message_id,
    postgresql_where=provider_messages.c.message_id.is_not(None),
)

message_events = Table(
    "message_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", AnyText, nullable=False),
    Column("kind", Text, nullable=False),
    Column("item_id", AnyText, nullable=False),
    Column("reported", AnyText, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    # False: the provider did not say when, so it is when it came; the same words again are the same report.
    Column("is_dated", Boolean, nullable=False, server_default="true"),
    Column("recorded_at", Moment, nullable=False, server_default=NOW),
    Column("status", Text),
    Column("user_id", AnyText),
    Column("correlation_id", AnyText),
    Column("error_code", AnyText),
    Column("error_title", AnyText),
    Column("reason", AnyText),
    Column("attributes", AnyJSON),
)
Index(
    "message_events_once",
    message_events.c.channel,
    message_events.c.kind,
    message_events.c.item_id,
    message_events.c.reported,
    message_events.c.occurred_at,
    unique=True,
)
Index(
    "message_events_undated_once",
    message_events.c.channel,
    message_events.c.kind,
    message_events.c.item_id,
    message_events.c.reported,
    unique=True,
    postgresql_where=~message_events.c.is_dated,
)
Index(
    "message_events_correlation",
    message_events.c.correlation_id,
    postgresql_where=message_events.c.correlation_id.is_not(None),
)
