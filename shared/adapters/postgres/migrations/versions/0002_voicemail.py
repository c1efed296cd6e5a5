"""What is said to a machine that takes a call of ours."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add a column that old code does not know and need not fill."""
    op.execute("ALTER TABLE calls ADD COLUMN voicemail_message TEXT")
