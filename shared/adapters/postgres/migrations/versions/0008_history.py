"""What keeps the history quick when there are years of it, and a search that knows how Indian scripts are typed."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0008"
down_revision = "0007"

# How people type the same word differs: with dots below or without, with joiners that cannot be seen, with a sign or
# a danda right behind it. Whatever the database's locale, these are no part of a word.
_SEARCHABLE = r"""
CREATE OR REPLACE FUNCTION searchable(said TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN octet_length(said) = length(said) THEN said
    ELSE translate(
        regexp_replace(
            regexp_replace(
                normalize(said, NFKC), '[\u093C\u09BC\u0A3C\u0ABC\u0B3C\u200B-\u200D\uFE00-\uFE0F]', '', 'g'
            ),
            '[\u0964\u0965\u2000-\u206F\u2190-\u2BFF\u3000-\u303F\U0001F000-\U0001FBFF]', ' ', 'g'
        ),
        U&'\0901\0981\0A01\0A81\0B01', U&'\0902\0982\0A02\0A82\0B02'
    )
END
"""

_INDEXES = {
    "messages_search": "messages USING gin (to_tsvector('simple'::regconfig, searchable(text)))",
    # Of the messages that may ask for a person, which are few: late ones, and those that did not arrive as a whole.
    "messages_attention": """
        messages (conversation_id) WHERE direction = 'inbound' AND unanswered_because = 'stale'
        OR direction = 'outbound' AND (delivery_status = 'failed' OR jsonb_exists(attributes, 'parts_missing'))
    """,
    # Nearly all are open, and those are found by their time.
    "conversations_status_time": "conversations (status, last_message_at DESC, id DESC) WHERE status <> 'open'",
    # People look for an identity without saying on which channel it is one.
    "user_aliases_alias": "user_aliases (alias)",
    "calls_state_time": "calls (state, started_at DESC, call_sid DESC) WHERE state <> 'ended'",
}
# The search asks the planner how often words are said; so it should know more of them than usual.
_KNOWN_WORDS = "ALTER INDEX messages_search ALTER COLUMN 1 SET STATISTICS 300"


def upgrade() -> None:
    """Build what is missing while the platform goes on working; it may break off anywhere and be run again.

    The index `messages_words` stays for the release before; the next one may drop it.
    """
    op.execute(_SEARCHABLE)
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
        op.execute(_KNOWN_WORDS)
        op.execute("ANALYZE messages")
        op.execute("RESET lock_timeout")


def _is_ready(index: str) -> bool | None:
    """None: there is none; False: building it broke off."""
    found = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    ready: bool | None = op.get_bind().execute(found, {"name": index}).scalar()
    return ready
