"""Which trace a turn and a call are part of, so that whoever reads one finds the other."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

# Without a default, so that no row is written anew; nothing is found by it, so it has no index.
_CHANGES = (
    "ALTER TABLE messages ADD COLUMN IF NOT EXISTS trace_id TEXT",
    "ALTER TABLE calls ADD COLUMN IF NOT EXISTS trace_id TEXT",
)


def upgrade() -> None:
    """Add what old code does not know and need not fill."""
    for change in _CHANGES:
        op.execute(change)
