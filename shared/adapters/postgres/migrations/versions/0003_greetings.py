"""Whether callers may interrupt an agent's greeting."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add a column that old code does not know and need not fill."""
    op.execute("ALTER TABLE agents ADD COLUMN greeting_interruptible BOOLEAN DEFAULT 'true' NOT NULL")
