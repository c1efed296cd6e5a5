"""Calls and their recordings."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, desc, func, text

from shared.adapters.postgres.column_types import AnyText, Moment
from shared.adapters.postgres.schema.foundation import NOW, Id, metadata

calls = Table(
    "calls",
    metadata,
    Column("call_sid", AnyText, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
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
    # Of its first stream.
    Column("trace_id", Text),
    # By a trigger: when it was found to be over, by the database's clock.
    Column("settled_at", Moment),
)
Index("calls_time", desc(calls.c.started_at), desc(calls.c.call_sid))
Index("calls_caller_time", calls.c.caller_id, desc(calls.c.started_at), desc(calls.c.call_sid))
Index("calls_agent_time", calls.c.agent_id, desc(calls.c.started_at), desc(calls.c.call_sid))
# Nearly all have ended, and those are found by their time.
Index(
    "calls_state_time",
    calls.c.state,
    desc(calls.c.started_at),
    desc(calls.c.call_sid),
    postgresql_where=calls.c.state != text("'ended'"),
)
Index("calls_conversation", calls.c.conversation_id)
# For exports.
Index(
    "calls_settled",
    func.coalesce(calls.c.settled_at, calls.c.ended_at, calls.c.started_at),
    calls.c.call_sid,
    postgresql_where=calls.c.state.in_(["ended", "failed"]),
)

recordings = Table(
    "recordings",
    metadata,
    Column("call_sid", AnyText, ForeignKey("calls.call_sid"), primary_key=True),
    Column("key", AnyText, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("stored_at", Moment, nullable=False, server_default=NOW),
)
