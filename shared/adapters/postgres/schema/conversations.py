"""Conversations, their messages, and the files of those."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    desc,
    func,
    text,
)

from shared.adapters.postgres.column_types import AnyJSON, AnyText, Moment
from shared.adapters.postgres.schema.foundation import EMPTY, NOW, Id, metadata

conversations = Table(
    "conversations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("status", Text, nullable=False),
    Column("agent_id", AnyText),
    Column("started_at", Moment, nullable=False),
    # By the clocks of those who spoke; what people see and pages are cut by.
    Column("last_message_at", Moment, nullable=False),
    # By our clock; says whether the conversation is still going on.
    Column("last_activity_at", Moment, nullable=False, server_default=NOW),
    Column("message_count", Integer, nullable=False, server_default="0"),
    # What was said up to `summarised_until` (an `arrival`), in short.
    Column("summary", AnyText, nullable=False, server_default=""),
    Column("summarised_until", BigInteger, nullable=False, server_default="0"),
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
# Nearly all are open, and those are found by their time.
Index(
    "conversations_status_time",
    conversations.c.status,
    desc(conversations.c.last_message_at),
    desc(conversations.c.id),
    postgresql_where=conversations.c.status != text("'open'"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    # Order of arrival, where the providers' clocks (whole seconds) cannot tell.
    Column("arrival", BigInteger, Identity(always=True), nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("channel", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("business_id", AnyText),
    Column("direction", Text, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", AnyText, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("stored_at", Moment, nullable=False, server_default=NOW),
    Column("provider_message_id", AnyText),
    Column("reply_to", AnyText),
    # Where replies go if that is not the user id.
    Column("address", AnyText),
    Column("attributes", AnyJSON, nullable=False, server_default=EMPTY),
    # Inbound only: received -> processing (lease, fence) -> done.
    Column("state", Text),
    Column("lease_until", Moment),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("unanswered_because", Text),
    # The later message that it was answered together with.
    Column("joined_to", Id, ForeignKey("messages.id")),
    # Outbound only.
    Column("answers_id", Id, ForeignKey("messages.id")),
    Column("agent_id", AnyText),
    Column("route_reason", Text),
    Column("route_detail", AnyText),
    Column("interrupted", Boolean, nullable=False, server_default="false"),
    Column("delivery_status", Text),
    Column("stages_ms", AnyJSON, nullable=False, server_default=EMPTY),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("model", AnyText),
    Column("cost_microusd", BigInteger),
    Column("citations", AnyJSON, nullable=False, server_default=text("'[]'")),
    # In which it was dealt with or came about: 32 hexadecimal digits.
    Column("trace_id", Text),
    # By triggers: when it was done, and when its words were changed last; NULL where that never happened.
    Column("settled_at", Moment),
    Column("worded_at", Moment),
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
# For exports, which read hours in the order in which they came to be.
Index("messages_stored", messages.c.stored_at, messages.c.id)
Index(
    "messages_settled",
    func.coalesce(messages.c.settled_at, messages.c.stored_at),
    messages.c.id,
    postgresql_where=messages.c.state == text("'done'"),
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
# For the release before; what is searched now is the one below.
Index("messages_words", func.to_tsvector(text("'simple'::regconfig"), messages.c.text), postgresql_using="gin")
Index(
    "messages_search",
    func.to_tsvector(text("'simple'::regconfig"), func.searchable(messages.c.text)),
    postgresql_using="gin",
)
# The few that may ask for a person: those that came too late, and those of ours that did not arrive as a whole.
Index(
    "messages_attention",
    messages.c.conversation_id,
    postgresql_where=text(
        "direction = 'inbound' AND unanswered_because = 'stale'"
        " OR direction = 'outbound' AND (delivery_status = 'failed' OR jsonb_exists(attributes, 'parts_missing'))"
    ),
)

# The files of inbound messages.
media = Table(
    "media",
    metadata,
    Column("message_id", Id, ForeignKey("messages.id"), nullable=False),
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
    Column("noted_at", Moment, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("message_id", "position"),
)
Index("media_pending", media.c.noted_at, postgresql_where=media.c.state == text("'pending'"))
