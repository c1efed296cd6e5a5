"""Agents, the rules that choose among them, and what they know."""

from __future__ import annotations

from sqlalchemy import (
    REAL,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from shared.adapters.postgres.column_types import AnyText, Moment
from shared.adapters.postgres.schema.foundation import NOW, metadata

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
    Column("updated_at", Moment, nullable=False, server_default=NOW),
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
    Column("updated_at", Moment, nullable=False, server_default=NOW),
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
