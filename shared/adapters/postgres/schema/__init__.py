"""The tables, as the queries see them. How they came to be is told by the migrations; a test compares the two."""

from __future__ import annotations

from shared.adapters.postgres.schema.agents import agents, knowledge_passages, routing_rules
from shared.adapters.postgres.schema.calls import calls, recordings
from shared.adapters.postgres.schema.conversations import conversations, media, messages
from shared.adapters.postgres.schema.deliveries import deliveries, delivery_parts, message_events, provider_messages
from shared.adapters.postgres.schema.foundation import metadata
from shared.adapters.postgres.schema.users import consent_events, erasures, user_aliases, users

__all__ = [
    "agents",
    "calls",
    "consent_events",
    "conversations",
    "deliveries",
    "delivery_parts",
    "erasures",
    "knowledge_passages",
    "media",
    "message_events",
    "messages",
    "metadata",
    "provider_messages",
    "recordings",
    "routing_rules",
    "user_aliases",
    "users",
]
