"""What became of every part of a delivery and what it costs; how long reports about nothing of ours are kept."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

_CHANGES = (
    "ALTER TABLE delivery_parts ADD COLUMN channel TEXT",
    "ALTER TABLE delivery_parts ADD COLUMN taken_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE delivery_parts ADD COLUMN error_title TEXT",
    "ALTER TABLE delivery_parts ADD COLUMN category TEXT",
    "ALTER TABLE delivery_parts ADD COLUMN is_billable BOOLEAN",
    "ALTER TABLE delivery_parts ADD COLUMN conversation JSONB",
    """
    CREATE INDEX delivery_parts_charges ON delivery_parts (taken_at, channel, category, is_billable)
    WHERE taken_at IS NOT NULL AND status <> 'failed'
    """,
    "ALTER TABLE message_events ADD COLUMN is_dated BOOLEAN DEFAULT 'true' NOT NULL",
    """
    CREATE UNIQUE INDEX message_events_undated_once ON message_events (channel, kind, item_id, reported)
    WHERE NOT is_dated
    """,
    # In two steps: a column whose default differs from row to row would rewrite the table.
    "ALTER TABLE provider_messages ADD COLUMN noted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL",
    "ALTER TABLE provider_messages ALTER COLUMN noted_at SET DEFAULT clock_timestamp()",
    "CREATE INDEX provider_messages_unknown ON provider_messages (noted_at) WHERE message_id IS NULL",
)


def upgrade() -> None:
    """Add what old code does not know and need not fill."""
    for change in _CHANGES:
        op.execute(change)
