"""The tables, as the queries see them. How they came to be is told by the migrations; a test compares the two."""

from __future__ import annotations

from shared.adapters.postgres.schema.agents import agents, catalogue_revision, http_tools, routing_rules
from shared.adapters.postgres.schema.calls import calls, recordings
from shared.adapters.postgres.schema.conversations import conversations, media, messages
from shared.adapters.postgres.schema.deliveries import deliveries, delivery_parts, message_events, provider_messages
from shared.adapters.postgres.schema.exports import exports
from shared.adapters.postgres.schema.foundation import metadata
from shared.adapters.postgres.schema.knowledge import documents, knowledge_passages, knowledge_revision
from shared.adapters.postgres.schema.tools import call_backs, tool_calls
from shared.adapters.postgres.schema.users import consent_events, erasures, person_links, user_aliases, users

__all__ = [
    "agents",
    "call_backs",
    "calls",
    "catalogue_revision",
    "consent_events",
    "conversations",
    "deliveries",
    "delivery_parts",
    "documents",
    "erasures",
    "exports",
    "http_tools",
    "knowledge_passages",
    "knowledge_revision",
    "media",
    "message_events",
    "messages",
    "metadata",
    "person_links",
    "provider_messages",
    "recordings",
    "routing_rules",
    "tool_calls",
    "user_aliases",
    "users",
]
