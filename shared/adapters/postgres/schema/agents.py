"""Agents, the rules that choose among them, and the tools that they may use."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from shared.adapters.postgres.column_types import AnyJSON, AnyText, Moment
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
    Column("scope", AnyText, nullable=False, server_default=""),
    Column("models", ARRAY(Text), nullable=False, server_default="{}"),
    Column("tools", ARRAY(Text), nullable=False, server_default="{}"),
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

# One row. Triggers make it grow with every change of agents, rules and tools, in the transaction of the change.
catalogue_revision = Table(
    "catalogue_revision",
    metadata,
    Column("is_only", Boolean, primary_key=True, server_default="true"),
    Column("revision", BigInteger, nullable=False),
    CheckConstraint("is_only", name="only_one"),
)

# What operators let agents call over HTTP.
http_tools = Table(
    "http_tools",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("description", AnyText, nullable=False),
    Column("method", Text, nullable=False),
    Column("url", AnyText, nullable=False),
    Column("parameters", AnyJSON, nullable=False),
    # The name under which Secrets Manager keeps its credential; NULL where it needs none.
    Column("secret_name", AnyText),
    Column("timeout_ms", Integer, nullable=False, server_default="5000"),
    Column("is_enabled", Boolean, nullable=False, server_default="true"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", Moment, nullable=False, server_default=NOW),
)
