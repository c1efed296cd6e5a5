"""The tables, as the queries see them. How they came to be is told by the migrations; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    desc,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from shared.adapters.postgres.column_types import AnyJSON, AnyText, Moment

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

_Id = Uuid(as_uuid=False)
_NOW = text("clock_timestamp()")
_EMPTY = text("'{}'")

users = Table(
    "users",
    metadata,
    Column("channel", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("name", AnyText),
    Column("first_seen_at", Moment, nullable=False, server_default=_NOW),
    Column("last_seen_at", Moment, nullable=False, server_default=_NOW),
    # NULL: the user may be written to.
    Column("opted_out_at", Moment),
    # The user asked for replies by 'voice'.
    Column("reply_by", Text),
    PrimaryKeyConstraint("channel", "user_id"),
)

# Other identities of a user: a business-scoped id beside the phone number, an id from before a change.
user_aliases = Table(
    "user_aliases",
    metadata,
    Column("channel", AnyText, nullable=False),
    Column("alias", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("noted_at", Moment, nullable=False, server_default=_NOW),
    PrimaryKeyConstraint("channel", "alias"),
)
Index("user_aliases_user", user_aliases.c.channel, user_aliases.c.user_id)

# Who asked to be left alone or to be written to again, when, and by what; rows are added, never changed.
consent_events = Table(
    "consent_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("scope", Text, nullable=False),
    Column("wish", Text, nullable=False),
    # The message or the notice that said so, and the word, button or provider's field by which.
    Column("item_id", AnyText, nullable=False),
    Column("word", AnyText, nullable=False),
    Column("stated_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False, server_default=_NOW),
    # Whether anything was otherwise before.
    Column("is_change", Boolean, nullable=False),
    CheckConstraint("scope IN ('all', 'marketing')", name="scope"),
    CheckConstraint("wish IN ('stop', 'start')", name="wish"),
)
Index("consent_events_once", consent_events.c.channel, consent_events.c.item_id, unique=True)
Index("consent_events_user", consent_events.c.channel, consent_events.c.user_id, consent_events.c.id)

# What is left of a user who was erased: that it was done, and a keyed hash to prove it to somebody who names the user.
erasures = Table(
    "erasures",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("subject_hash", Text, nullable=False),
    # The channel; NULL for all of them.
    Column("channel", AnyText),
    Column("requested_by", AnyText, nullable=False),
    Column("begun_at", Moment, nullable=False, server_default=_NOW),
    # NULL: it did not come to its end, and has to be run again.
    Column("finished_at", Moment),
    Column("counts", AnyJSON, nullable=False, server_default=_EMPTY),
)
Index("erasures_subject", erasures.c.subject_hash)

conversations = Table(
    "conversations",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("channel", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("status", Text, nullable=False),
    Column("agent_id", AnyText),
    Column("started_at", Moment, nullable=False),
    # By the clocks of those who spoke; what people see and pages are cut by.
    Column("last_message_at", Moment, nullable=False),
    # By our clock; says whether the conversation is still going on.
    Column("last_activity_at", Moment, nullable=False, server_default=_NOW),
    Column("message_count", Integer, nullable=False, server_default="0"),
)
Index("conversations_time", desc(conversations.c.last_message_at), desc(conversations.c.id))
Index(
    "conversations_user_time",
    conversations.c.user_id,
    desc(conversations.c.last_message_at),
    desc(conversations.c.id),
)
Index(
    "conversations_channel_user_time",
    conversations.c.channel,
    conversations.c.user_id,
    desc(conversations.c.last_message_at),
    desc(conversations.c.id),
)
Index(
    "conversations_channel_time",
    conversations.c.channel,
    desc(conversations.c.last_message_at),
    desc(conversations.c.id),
)
Index(
    "conversations_agent_time",
    conversations.c.agent_id,
    desc(conversations.c.last_message_at),
    desc(conversations.c.id),
)

messages = Table(
    "messages",
    metadata,
    Column("id", _Id, primary_key=True),
    # Order of arrival, where the providers' clocks (whole seconds) cannot tell.
    Column("arrival", BigInteger, Identity(always=True), nullable=False),
    Column("conversation_id", _Id, ForeignKey("conversations.id"), nullable=False),
    Column("channel", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("business_id", AnyText),
    Column("direction", Text, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", AnyText, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("stored_at", Moment, nullable=False, server_default=_NOW),
    Column("provider_message_id", AnyText),
    Column("reply_to", AnyText),
    # Where replies go if that is not the user id.
    Column("address", AnyText),
    Column("attributes", AnyJSON, nullable=False, server_default=_EMPTY),
    # Inbound only: received -> processing (lease, fence) -> done.
    Column("state", Text),
    Column("lease_until", Moment),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("unanswered_because", Text),
    # The later message that it was answered together with.
    Column("joined_to", _Id, ForeignKey("messages.id")),
    # Outbound only.
    Column("answers_id", _Id, ForeignKey("messages.id")),
    Column("agent_id", AnyText),
    Column("route_reason", Text),
    Column("route_detail", AnyText),
    Column("interrupted", Boolean, nullable=False, server_default="false"),
    Column("delivery_status", Text),
    Column("stages_ms", AnyJSON, nullable=False, server_default=_EMPTY),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    # Calls only.
    Column("call_sid", AnyText),
    Column("position", AnyText),
    Column("start_ms", Integer),
    Column("end_ms", Integer),
    CheckConstraint("direction IN ('inbound', 'outbound', 'internal')", name="direction"),
    CheckConstraint("(direction = 'inbound') = (state IS NOT NULL)", name="inbound_has_state"),
    CheckConstraint("state IN ('received', 'processing', 'done')", name="state"),
)
Index(
    "messages_inbound_once",
    messages.c.channel,
    messages.c.provider_message_id,
    unique=True,
    postgresql_where=messages.c.direction == text("'inbound'"),
)
Index("messages_conversation_time", messages.c.conversation_id, messages.c.sent_at, messages.c.arrival)
Index("messages_user_time", messages.c.user_id, messages.c.sent_at)
Index("messages_agent_time", messages.c.agent_id, messages.c.sent_at, postgresql_where=messages.c.agent_id.is_not(None))
Index(
    "messages_answer_once",
    messages.c.answers_id,
    unique=True,
    postgresql_where=messages.c.answers_id.is_not(None),
)
Index(
    "messages_call_position_once",
    messages.c.call_sid,
    messages.c.position,
    unique=True,
    postgresql_where=messages.c.position.is_not(None),
)
Index("messages_joined", messages.c.joined_to, postgresql_where=messages.c.joined_to.is_not(None))
Index("messages_call_time", messages.c.call_sid, messages.c.start_ms, postgresql_where=messages.c.call_sid.is_not(None))
Index("messages_words", func.to_tsvector(text("'simple'::regconfig"), messages.c.text), postgresql_using="gin")

# The files of inbound messages.
media = Table(
    "media",
    metadata,
    Column("message_id", _Id, ForeignKey("messages.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("provider_id", AnyText, nullable=False),
    Column("url", AnyText, nullable=False),
    Column("mime_type", AnyText, nullable=False),
    Column("filename", AnyText),
    Column("sha256", AnyText),
    Column("is_voice", Boolean, nullable=False, server_default="false"),
    Column("state", Text, nullable=False),
    Column("reason", AnyText),
    Column("key", AnyText),
    Column("size_bytes", BigInteger),
    Column("transcript", AnyText),
    Column("noted_at", Moment, nullable=False, server_default=_NOW),
    PrimaryKeyConstraint("message_id", "position"),
)
Index("media_pending", media.c.noted_at, postgresql_where=media.c.state == text("'pending'"))

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("message_id", _Id, ForeignKey("messages.id"), nullable=False, unique=True),
    Column("reply_id", _Id, ForeignKey("messages.id")),
    Column("status", Text, nullable=False),
    Column("text", AnyText, nullable=False),
    Column("agent_id", AnyText),
    Column("route", AnyJSON),
    Column("usage", AnyJSON),
    Column("stages_ms", AnyJSON, nullable=False, server_default=_EMPTY),
    # What is sent if it is more than `text`: buttons, a file, a template, or the wish to be spoken.
    Column("content", AnyJSON),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False, server_default=_NOW),
    Column("updated_at", Moment, nullable=False, server_default=_NOW),
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
    Column("updated_at", Moment, nullable=False, server_default=_NOW),
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
    Column("message_id", _Id, ForeignKey("messages.id")),
    Column("noted_at", Moment, nullable=False, server_default=_NOW),
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
    Column("recorded_at", Moment, nullable=False, server_default=_NOW),
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

calls = Table(
    "calls",
    metadata,
    Column("call_sid", AnyText, primary_key=True),
    Column("conversation_id", _Id, ForeignKey("conversations.id"), nullable=False),
    Column("caller_id", AnyText, nullable=False),
    Column("business_id", AnyText, nullable=False),
    Column("direction", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("agent_id", AnyText),
    Column("started_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("ended_at", Moment),
    Column("end_reason", AnyText),
    # Of a call of ours: what is said to a machine.
    Column("voicemail_message", AnyText),
)
Index("calls_time", desc(calls.c.started_at), desc(calls.c.call_sid))
Index("calls_caller_time", calls.c.caller_id, desc(calls.c.started_at), desc(calls.c.call_sid))
Index("calls_agent_time", calls.c.agent_id, desc(calls.c.started_at), desc(calls.c.call_sid))
Index("calls_conversation", calls.c.conversation_id)

recordings = Table(
    "recordings",
    metadata,
    Column("call_sid", AnyText, ForeignKey("calls.call_sid"), primary_key=True),
    Column("key", AnyText, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("stored_at", Moment, nullable=False, server_default=_NOW),
)

agents = Table(
    "agents",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("name", AnyText, nullable=False),
    Column("description", AnyText, nullable=False),
    Column("instructions", AnyText, nullable=False),
    Column("greeting", AnyText, nullable=False),
    Column("greeting_interruptible", Boolean, nullable=False, server_default="true"),
    Column("language", AnyText, nullable=False),
    Column("voice", AnyText, nullable=False),
    Column("answer_threshold", Double, nullable=False),
    Column("coalesce_seconds", Integer, nullable=False, server_default="0"),
    Column("voice_notes", Text, nullable=False, server_default="on_request"),
    Column("is_enabled", Boolean, nullable=False, server_default="true"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", Moment, nullable=False, server_default=_NOW),
    # The target of a hand-over to a person.
    CheckConstraint("id <> 'human'", name="not_human"),
)

# No foreign key to agents: a rule may outlive its agent; rules of missing or disabled agents are not read.
routing_rules = Table(
    "routing_rules",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("pattern", AnyText, nullable=False),
    Column("agent_id", AnyText, nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("is_enabled", Boolean, nullable=False, server_default="true"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", Moment, nullable=False, server_default=_NOW),
)

knowledge_passages = Table(
    "knowledge_passages",
    metadata,
    Column("agent_id", AnyText, ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    Column("title", AnyText, nullable=False),
    Column("text", AnyText, nullable=False),
    Column("embedding", ARRAY(REAL), nullable=False),
    PrimaryKeyConstraint("agent_id", "title"),
)
