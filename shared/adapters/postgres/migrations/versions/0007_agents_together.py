"""Agents with scopes, engines and tools; documents; what tools did; summaries; linked identities."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

_CATALOGUE = (
    "ALTER TABLE agents ADD COLUMN scope TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE agents ADD COLUMN models TEXT[] DEFAULT '{}' NOT NULL",
    "ALTER TABLE agents ADD COLUMN tools TEXT[] DEFAULT '{}' NOT NULL",
    """
    CREATE TABLE http_tools (
        id TEXT NOT NULL PRIMARY KEY,
        description TEXT NOT NULL,
        method TEXT NOT NULL,
        url TEXT NOT NULL,
        parameters JSONB NOT NULL,
        secret_name TEXT,
        timeout_ms INTEGER DEFAULT '5000' NOT NULL,
        is_enabled BOOLEAN DEFAULT 'true' NOT NULL,
        version INTEGER DEFAULT '1' NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL
    )
    """,
    """
    CREATE TABLE catalogue_revision (
        is_only BOOLEAN DEFAULT 'true' NOT NULL PRIMARY KEY,
        revision BIGINT NOT NULL,
        CONSTRAINT catalogue_revision_only_one_check CHECK (is_only)
    )
    """,
    # A row, not a sequence: a sequence grows before the change can be seen, and the old state would be kept as the new.
    """
    CREATE FUNCTION note_catalogue_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO catalogue_revision AS kept (revision) VALUES (1)
        ON CONFLICT (is_only) DO UPDATE SET revision = kept.revision + 1;
        RETURN NULL;
    END
    $$
    """,
    *(
        f"""
        CREATE TRIGGER {table}_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION note_catalogue_change()
        """
        for table in ("agents", "routing_rules", "http_tools")
    ),
)

_KNOWLEDGE = (
    """
    CREATE TABLE documents (
        id UUID NOT NULL PRIMARY KEY,
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        title TEXT NOT NULL,
        media_type TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX documents_content_once ON documents (agent_id, sha256)",
    "ALTER TABLE knowledge_passages DROP CONSTRAINT knowledge_passages_pkey",
    "ALTER TABLE knowledge_passages ADD COLUMN id UUID DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY",
    "ALTER TABLE knowledge_passages ADD COLUMN document_id UUID REFERENCES documents (id) ON DELETE CASCADE",
    "ALTER TABLE knowledge_passages ADD COLUMN position INTEGER DEFAULT '0' NOT NULL",
    """
    CREATE UNIQUE INDEX knowledge_passages_title_once ON knowledge_passages (agent_id, title)
    WHERE document_id IS NULL
    """,
    "CREATE INDEX knowledge_passages_document ON knowledge_passages (document_id, position)",
    r"""
    ALTER TABLE knowledge_passages ADD COLUMN words TSVECTOR GENERATED ALWAYS AS (
        setweight(to_tsvector('simple'::regconfig, translate(title, U&'\0901\093C\200C\200D', U&'\0902')), 'A')
        || to_tsvector('simple'::regconfig, translate(text, U&'\0901\093C\200C\200D', U&'\0902'))
    ) STORED
    """,
    "CREATE INDEX knowledge_passages_words ON knowledge_passages USING gin (words)",
    """
    CREATE TABLE knowledge_revision (
        is_only BOOLEAN DEFAULT 'true' NOT NULL PRIMARY KEY,
        revision BIGINT NOT NULL,
        CONSTRAINT knowledge_revision_only_one_check CHECK (is_only)
    )
    """,
    """
    CREATE FUNCTION note_knowledge_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO knowledge_revision AS kept (revision) VALUES (1)
        ON CONFLICT (is_only) DO UPDATE SET revision = kept.revision + 1;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER knowledge_passages_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON knowledge_passages
    FOR EACH STATEMENT EXECUTE FUNCTION note_knowledge_change()
    """,
    "ALTER TABLE messages ADD COLUMN citations JSONB DEFAULT '[]' NOT NULL",
    "ALTER TABLE deliveries ADD COLUMN citations JSONB DEFAULT '[]' NOT NULL",
)

_TOOLS = (
    """
    CREATE TABLE tool_calls (
        id UUID NOT NULL PRIMARY KEY,
        conversation_id UUID NOT NULL REFERENCES conversations (id),
        message_id TEXT NOT NULL,
        agent_id TEXT NOT NULL,
        tool TEXT NOT NULL,
        arguments JSONB NOT NULL,
        outcome TEXT,
        answer TEXT DEFAULT '' NOT NULL,
        ends_call BOOLEAN DEFAULT 'false' NOT NULL,
        passages JSONB DEFAULT '[]' NOT NULL,
        elapsed_ms INTEGER,
        begun_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL
    )
    """,
    "CREATE INDEX tool_calls_conversation ON tool_calls (conversation_id, begun_at)",
    """
    CREATE TABLE call_backs (
        id UUID NOT NULL PRIMARY KEY,
        conversation_id UUID NOT NULL REFERENCES conversations (id),
        wanted TEXT NOT NULL,
        agent_id TEXT,
        phone_number TEXT NOT NULL,
        about TEXT NOT NULL,
        due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER DEFAULT '0' NOT NULL,
        call_sid TEXT,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        CONSTRAINT call_backs_wanted_check CHECK (wanted IN ('agent', 'person')),
        CONSTRAINT call_backs_state_check CHECK (state IN ('due', 'ringing', 'done', 'failed', 'cancelled'))
    )
    """,
    "CREATE INDEX call_backs_due ON call_backs (due_at) WHERE state IN ('due', 'ringing')",
    "CREATE INDEX call_backs_listed ON call_backs (due_at, id)",
    "CREATE INDEX call_backs_conversation ON call_backs (conversation_id)",
)

_MEMORY = (
    "ALTER TABLE conversations ADD COLUMN summary TEXT DEFAULT '' NOT NULL",
    "ALTER TABLE conversations ADD COLUMN summarised_until BIGINT DEFAULT '0' NOT NULL",
    """
    CREATE TABLE person_links (
        channel TEXT NOT NULL,
        user_id TEXT NOT NULL,
        person_id UUID NOT NULL,
        noted_by TEXT NOT NULL,
        linked_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        PRIMARY KEY (channel, user_id)
    )
    """,
    "CREATE INDEX person_links_person ON person_links (person_id)",
)

_COST = (
    "ALTER TABLE messages ADD COLUMN model TEXT",
    "ALTER TABLE messages ADD COLUMN cost_microusd BIGINT",
)


def upgrade() -> None:
    """Add what old code does not know and need not fill."""
    for change in (*_CATALOGUE, *_KNOWLEDGE, *_TOOLS, *_MEMORY, *_COST):
        op.execute(change)
