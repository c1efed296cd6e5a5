"""What the hourly export needs: when a row came to rest, by the database's clock, and which hours are exported."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0010"
down_revision = "0009"

_COLUMNS = (
    "ALTER TABLE messages ADD COLUMN IF NOT EXISTS settled_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE messages ADD COLUMN IF NOT EXISTS worded_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE calls ADD COLUMN IF NOT EXISTS settled_at TIMESTAMP WITH TIME ZONE",
)

# By triggers, so that it is noted whoever writes, the release before this one included.
_TRIGGERS = (
    """
    CREATE OR REPLACE FUNCTION note_settling() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.settled_at := clock_timestamp();
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE OR REPLACE FUNCTION note_wording() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.worded_at := clock_timestamp();
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE OR REPLACE TRIGGER messages_stored_settled BEFORE INSERT ON messages
    FOR EACH ROW WHEN (NEW.state = 'done') EXECUTE FUNCTION note_settling()
    """,
    """
    CREATE OR REPLACE TRIGGER messages_settled BEFORE UPDATE OF state ON messages
    FOR EACH ROW WHEN (NEW.state = 'done' AND OLD.state <> 'done') EXECUTE FUNCTION note_settling()
    """,
    """
    CREATE OR REPLACE TRIGGER messages_worded BEFORE UPDATE OF text ON messages
    FOR EACH ROW WHEN (NEW.text <> OLD.text) EXECUTE FUNCTION note_wording()
    """,
    """
    CREATE OR REPLACE TRIGGER calls_settled BEFORE UPDATE OF state ON calls
    FOR EACH ROW WHEN (NEW.state IN ('ended', 'failed') AND OLD.state NOT IN ('ended', 'failed'))
    EXECUTE FUNCTION note_settling()
    """,
)

_EXPORTS = """
    CREATE TABLE IF NOT EXISTS exports (
        dataset TEXT NOT NULL,
        hour TIMESTAMP WITH TIME ZONE NOT NULL,
        personal_data TEXT,
        parts JSONB DEFAULT '[]' NOT NULL,
        exported_until TIMESTAMP WITH TIME ZONE,
        exported_id TEXT,
        lease_until TIMESTAMP WITH TIME ZONE,
        fence INTEGER DEFAULT '0' NOT NULL,
        clear_for TEXT[] DEFAULT '{}' NOT NULL,
        finished_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT exports_pkey PRIMARY KEY (dataset, hour)
    )
"""

# By these the pages of an hour are read. Rows from before this migration have no time of settling of their own.
_INDEXES = {
    "messages_stored": "messages (stored_at, id)",
    "messages_settled": "messages (coalesce(settled_at, stored_at), id) WHERE state = 'done'",
    "calls_settled": "calls (coalesce(settled_at, ended_at, started_at), call_sid) WHERE state IN ('ended', 'failed')",
}


def upgrade() -> None:
    """Add what old code does not know and need not fill; it may break off anywhere and be run again."""
    for change in (*_COLUMNS, *_TRIGGERS, _EXPORTS):
        op.execute(change)
    with op.get_context().autocommit_block():
        # Alembic's own question for the isolation level began a transaction.
        op.execute("COMMIT")
        # An index that is built beside the work waits for transactions that began before it.
        op.execute("SET lock_timeout = 0")
        for name, definition in _INDEXES.items():
            if _is_ready(name) is False:
                op.execute(f"DROP INDEX CONCURRENTLY {name}")
            if not _is_ready(name):
                op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {definition}")
        op.execute("RESET lock_timeout")


def _is_ready(index: str) -> bool | None:
    """None: there is none; False: building it broke off."""
    found = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    ready: bool | None = op.get_bind().execute(found, {"name": index}).scalar()
    return ready
