"""Media, parts of deliveries, aliases, consent, and what became of messages without a reply."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

_CHANGES = (
    "ALTER TABLE users ADD COLUMN opted_out_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE users ADD COLUMN reply_by TEXT",
    """
    CREATE TABLE user_aliases (
        channel TEXT NOT NULL,
        alias TEXT NOT NULL,
        user_id TEXT NOT NULL,
        noted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        PRIMARY KEY (channel, alias)
    )
    """,
    "CREATE INDEX user_aliases_user ON user_aliases (channel, user_id)",
    "ALTER TABLE messages ADD COLUMN address TEXT",
    "ALTER TABLE messages ADD COLUMN unanswered_because TEXT",
    "ALTER TABLE messages ADD COLUMN joined_to UUID REFERENCES messages (id)",
    "CREATE INDEX messages_joined ON messages (joined_to) WHERE joined_to IS NOT NULL",
    """
    CREATE TABLE media (
        message_id UUID NOT NULL REFERENCES messages (id),
        position INTEGER NOT NULL,
        provider_id TEXT NOT NULL,
        url TEXT NOT NULL,
        mime_type TEXT NOT NULL,
        filename TEXT,
        sha256 TEXT,
        is_voice BOOLEAN DEFAULT 'false' NOT NULL,
        state TEXT NOT NULL,
        reason TEXT,
        key TEXT,
        size_bytes BIGINT,
        transcript TEXT,
        noted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        PRIMARY KEY (message_id, position)
    )
    """,
    "CREATE INDEX media_pending ON media (noted_at) WHERE state = 'pending'",
    "ALTER TABLE deliveries ADD COLUMN content JSONB",
    """
    CREATE TABLE delivery_parts (
        delivery_id TEXT NOT NULL REFERENCES deliveries (id),
        position INTEGER NOT NULL,
        text TEXT NOT NULL,
        status TEXT NOT NULL,
        provider_message_id TEXT,
        error_code TEXT,
        pricing JSONB,
        updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        PRIMARY KEY (delivery_id, position)
    )
    """,
    """
    CREATE INDEX delivery_parts_provider ON delivery_parts (provider_message_id)
    WHERE provider_message_id IS NOT NULL
    """,
    "ALTER TABLE agents ADD COLUMN coalesce_seconds INTEGER DEFAULT '0' NOT NULL",
    "ALTER TABLE agents ADD COLUMN voice_notes TEXT DEFAULT 'on_request' NOT NULL",
)


def upgrade() -> None:
    """Add what old code does not know and need not fill."""
    for change in _CHANGES:
        op.execute(change)
