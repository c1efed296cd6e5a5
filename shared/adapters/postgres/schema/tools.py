"""What agents did besides talking: each use of a tool, and the calls back that they promised."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, text

from shared.adapters.postgres.column_types import AnyJSON, AnyText, Moment
from shared.adapters.postgres.schema.foundation import NOW, Id, metadata

tool_calls = Table(
    "tool_calls",
    metadata,
    # The idempotency key: the same call in a repeated turn is the same row.
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    # The provider's id of the message that was being answered.
    Column("message_id", AnyText, nullable=False),
    Column("agent_id", AnyText, nullable=False),
    Column("tool", AnyText, nullable=False),
    Column("arguments", AnyJSON, nullable=False),
    # NULL while it runs, or when the process was lost meanwhile.
    Column("outcome", Text),
    Column("answer", AnyText, nullable=False, server_default=""),
    Column("ends_call", Boolean, nullable=False, server_default="false"),
    # What it found, without the words, so that a repeated turn cites it too.
    Column("passages", AnyJSON, nullable=False, server_default="[]"),
    Column("elapsed_ms", Integer),
    Column("begun_at", Moment, nullable=False, server_default=NOW),
)
Index("tool_calls_conversation", tool_calls.c.conversation_id, tool_calls.c.begun_at)

call_backs = Table(
    "call_backs",
    metadata,
    # The idempotency key of the tool call that promised it.
    Column("id", Id, primary_key=True),
    # Where it was promised.
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    # Who is to ring: an agent, which is a matter of the job, or a person, who finds it in the list.
    Column("wanted", Text, nullable=False),
    # Who promised it.
    Column("agent_id", AnyText),
    # Without plus; empty where the caller hid it.
    Column("phone_number", AnyText, nullable=False),
    Column("about", AnyText, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("call_sid", AnyText),
    Column("created_at", Moment, nullable=False, server_default=NOW),
    Column("updated_at", Moment, nullable=False, server_default=NOW),
    CheckConstraint("wanted IN ('agent', 'person')", name="wanted"),
    CheckConstraint("state IN ('due', 'ringing', 'done', 'failed', 'cancelled')", name="state"),
)
Index("call_backs_due", call_backs.c.due_at, postgresql_where=text("state IN ('due', 'ringing')"))
Index("call_backs_listed", call_backs.c.due_at, call_backs.c.id)
Index("call_backs_conversation", call_backs.c.conversation_id)
