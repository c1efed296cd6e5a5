"""The log of consent, the record of erasures, and what makes erasing quick."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

_CHANGES = (
    """
    CREATE TABLE consent_events (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        channel TEXT NOT NULL,
        user_id TEXT NOT NULL,
        scope TEXT NOT NULL CONSTRAINT consent_events_scope_check CHECK (scope IN ('all', 'marketing')),
        wish TEXT NOT NULL CONSTRAINT consent_events_wish_check CHECK (wish IN ('stop', 'start')),
        item_id TEXT NOT NULL,
        word TEXT NOT NULL,
        stated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        is_change BOOLEAN NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX consent_events_once ON consent_events (channel, item_id)",
    "CREATE INDEX consent_events_user ON consent_events (channel, user_id, id)",
    """
    CREATE TABLE erasures (
        id UUID PRIMARY KEY,
        subject_hash TEXT NOT NULL,
        channel TEXT,
        requested_by TEXT NOT NULL,
        begun_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        finished_at TIMESTAMP WITH TIME ZONE,
        counts JSONB DEFAULT '{}' NOT NULL
    )
    """,
    "CREATE INDEX erasures_subject ON erasures (subject_hash)",
    "CREATE INDEX deliveries_reply ON deliveries (reply_id) WHERE reply_id IS NOT NULL",
    "CREATE INDEX provider_messages_message ON provider_messages (message_id) WHERE message_id IS NOT NULL",
)


def upgrade() -> None:
    """Add what old code does not know and need not fill."""
    for change in _CHANGES:
        op.execute(change)
