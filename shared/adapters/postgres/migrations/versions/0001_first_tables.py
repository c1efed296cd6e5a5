"""The first tables: conversations and what was said, calls, the outbox, agents and their knowledge."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

# Limits of everyday statements. Properties of the database, because a SET in a session would pin RDS Proxy connections.
LIMITS = """
DO $$
DECLARE
    setting text;
BEGIN
    FOREACH setting IN ARRAY ARRAY[
        'statement_timeout = ''4s''', 'lock_timeout = ''3s''', 'idle_in_transaction_session_timeout = ''10s'''
    ] LOOP
        EXECUTE format('ALTER DATABASE %I SET ', current_database()) || setting;
    END LOOP;
END $$
"""

TABLES = """
CREATE TABLE users (
    channel TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT,
    first_seen_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (channel, user_id)
);

CREATE TABLE conversations (
    id UUID NOT NULL,
    channel TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL,
    agent_id TEXT,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_message_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_activity_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    message_count INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT conversations_pkey PRIMARY KEY (id)
);

CREATE INDEX conversations_time ON conversations (last_message_at DESC, id DESC);

CREATE INDEX conversations_agent_time ON conversations (agent_id, last_message_at DESC, id DESC);

CREATE INDEX conversations_user_time ON conversations (user_id, last_message_at DESC, id DESC);

CREATE INDEX conversations_channel_time ON conversations (channel, last_message_at DESC, id DESC);

CREATE INDEX conversations_channel_user_time ON conversations (channel, user_id, last_message_at DESC, id DESC);

CREATE TABLE message_events (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    reported TEXT NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    status TEXT,
    user_id TEXT,
    correlation_id TEXT,
    error_code TEXT,
    error_title TEXT,
    reason TEXT,
    attributes JSONB,
    CONSTRAINT message_events_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX message_events_once ON message_events (channel, kind, item_id, reported, occurred_at);

CREATE INDEX message_events_correlation ON message_events (correlation_id) WHERE correlation_id IS NOT NULL;

CREATE TABLE agents (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    instructions TEXT NOT NULL,
    greeting TEXT NOT NULL,
    language TEXT NOT NULL,
    voice TEXT NOT NULL,
    answer_threshold DOUBLE PRECISION NOT NULL,
    is_enabled BOOLEAN DEFAULT true NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT agents_pkey PRIMARY KEY (id),
    CONSTRAINT agents_not_human_check CHECK (id <> 'human')
);

CREATE TABLE routing_rules (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    pattern TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    priority INTEGER DEFAULT 0 NOT NULL,
    is_enabled BOOLEAN DEFAULT true NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT routing_rules_pkey PRIMARY KEY (id)
);

CREATE TABLE messages (
    id UUID NOT NULL,
    arrival BIGINT GENERATED ALWAYS AS IDENTITY,
    conversation_id UUID NOT NULL,
    channel TEXT NOT NULL,
    user_id TEXT NOT NULL,
    business_id TEXT,
    direction TEXT NOT NULL,
    speaker TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
    stored_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    provider_message_id TEXT,
    reply_to TEXT,
    attributes JSONB DEFAULT '{}' NOT NULL,
    state TEXT,
    lease_until TIMESTAMP WITH TIME ZONE,
    fence INTEGER DEFAULT 0 NOT NULL,
    answers_id UUID,
    agent_id TEXT,
    route_reason TEXT,
    route_detail TEXT,
    interrupted BOOLEAN DEFAULT false NOT NULL,
    delivery_status TEXT,
    stages_ms JSONB DEFAULT '{}' NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    call_sid TEXT,
    position TEXT,
    start_ms INTEGER,
    end_ms INTEGER,
    CONSTRAINT messages_pkey PRIMARY KEY (id),
    CONSTRAINT messages_direction_check CHECK (direction IN ('inbound', 'outbound', 'internal')),
    CONSTRAINT messages_inbound_has_state_check CHECK ((direction = 'inbound') = (state IS NOT NULL)),
    CONSTRAINT messages_state_check CHECK (state IN ('received', 'processing', 'done')),
    CONSTRAINT messages_conversation_id_fkey FOREIGN KEY(conversation_id) REFERENCES conversations (id),
    CONSTRAINT messages_answers_id_fkey FOREIGN KEY(answers_id) REFERENCES messages (id)
);

CREATE INDEX messages_conversation_time ON messages (conversation_id, sent_at, arrival);

CREATE INDEX messages_user_time ON messages (user_id, sent_at);

CREATE UNIQUE INDEX messages_inbound_once ON messages (channel, provider_message_id) WHERE direction = 'inbound';

CREATE UNIQUE INDEX messages_call_position_once ON messages (call_sid, position) WHERE position IS NOT NULL;

CREATE INDEX messages_call_time ON messages (call_sid, start_ms) WHERE call_sid IS NOT NULL;

CREATE INDEX messages_words ON messages USING gin (to_tsvector('simple'::regconfig, text));

CREATE UNIQUE INDEX messages_answer_once ON messages (answers_id) WHERE answers_id IS NOT NULL;

CREATE INDEX messages_agent_time ON messages (agent_id, sent_at) WHERE agent_id IS NOT NULL;

CREATE TABLE calls (
    call_sid TEXT NOT NULL,
    conversation_id UUID NOT NULL,
    caller_id TEXT NOT NULL,
    business_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    state TEXT NOT NULL,
    agent_id TEXT,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    end_reason TEXT,
    CONSTRAINT calls_pkey PRIMARY KEY (call_sid),
    CONSTRAINT calls_conversation_id_fkey FOREIGN KEY(conversation_id) REFERENCES conversations (id)
);

CREATE INDEX calls_time ON calls (started_at DESC, call_sid DESC);

CREATE INDEX calls_caller_time ON calls (caller_id, started_at DESC, call_sid DESC);

CREATE INDEX calls_agent_time ON calls (agent_id, started_at DESC, call_sid DESC);

CREATE INDEX calls_conversation ON calls (conversation_id);

CREATE TABLE knowledge_passages (
    agent_id TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    embedding REAL[] NOT NULL,
    CONSTRAINT knowledge_passages_pkey PRIMARY KEY (agent_id, title),
    CONSTRAINT knowledge_passages_agent_id_fkey FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE
);

CREATE TABLE deliveries (
    id TEXT NOT NULL,
    message_id UUID NOT NULL,
    reply_id UUID,
    status TEXT NOT NULL,
    text TEXT NOT NULL,
    agent_id TEXT,
    route JSONB,
    usage JSONB,
    stages_ms JSONB DEFAULT '{}' NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT deliveries_message_id_key UNIQUE (message_id),
    CONSTRAINT deliveries_message_id_fkey FOREIGN KEY(message_id) REFERENCES messages (id),
    CONSTRAINT deliveries_reply_id_fkey FOREIGN KEY(reply_id) REFERENCES messages (id)
);

CREATE TABLE provider_messages (
    channel TEXT NOT NULL,
    provider_message_id TEXT NOT NULL,
    message_id UUID,
    CONSTRAINT provider_messages_pkey PRIMARY KEY (channel, provider_message_id),
    CONSTRAINT provider_messages_message_id_fkey FOREIGN KEY(message_id) REFERENCES messages (id)
);

CREATE TABLE recordings (
    call_sid TEXT NOT NULL,
    key TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    stored_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT recordings_pkey PRIMARY KEY (call_sid),
    CONSTRAINT recordings_call_sid_fkey FOREIGN KEY(call_sid) REFERENCES calls (call_sid)
)
"""


def upgrade() -> None:
    """Create everything."""
    for statement in TABLES.split(";"):
        op.execute(statement)
    op.execute(LIMITS)
