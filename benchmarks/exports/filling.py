"""Statements that write an hour of `:turns` turns, evenly over a past hour, with words as long as people's are."""

from __future__ import annotations

_AT = "date_trunc('hour', now(), 'UTC') - interval '3 hours' + number * interval '1 hour' / (:turns + 1)"
_TURNS = "generate_series(1, :turns) AS number"
# A thousand users; each has one conversation.
_CONVERSATION = "md5('c' || number % 1000)::uuid"
_USER = "(919800000000 + number % 1000)::text"

STATEMENTS = (
    "ALTER TABLE messages DISABLE TRIGGER USER",
    """
    INSERT INTO users (channel, user_id) SELECT 'whatsapp', (919800000000 + number)::text
    FROM generate_series(0, 999) AS number
    """,
    """
    INSERT INTO conversations (id, channel, user_id, status, started_at, last_message_at)
    SELECT md5('c' || number)::uuid, 'whatsapp', (919800000000 + number)::text, 'open', now(), now()
    FROM generate_series(0, 999) AS number
    """,
    f"""
    INSERT INTO messages (id, conversation_id, channel, user_id, direction, speaker, kind, text, sent_at, stored_at,
                          provider_message_id, state, fence, settled_at)
    SELECT md5('q' || number)::uuid, {_CONVERSATION}, 'whatsapp', {_USER}, 'inbound', 'user', 'text',
           'Is the doctor in on Monday at half past ten, and may I bring the report of June along? My number is 98'
           || lpad((number % 100000000)::text, 8, '0'),
           {_AT}, {_AT}, 'wamid.q' || number, 'done', 1, {_AT} + interval '1 second'
    FROM {_TURNS}
    """,  # noqa: S608 - nothing from outside
    f"""
    INSERT INTO messages (id, conversation_id, channel, user_id, direction, speaker, kind, text, sent_at, stored_at,
                          provider_message_id, answers_id, agent_id, route_reason, route_detail, delivery_status,
                          stages_ms, input_tokens, output_tokens, model, cost_microusd, citations, trace_id)
    SELECT md5('a' || number)::uuid, {_CONVERSATION}, 'whatsapp', {_USER}, 'outbound', 'agent', 'text',
           'Dr Rao is in on Monday from ten to two. Please bring the report of June and a list of what you take; '
           || 'the desk on the ground floor opens at nine, and parking is free for patients. (' || number || ')',
           {_AT} + interval '1 second', {_AT} + interval '1 second', 'wamid.a' || number, md5('q' || number)::uuid,
           (ARRAY['reception', 'billing', 'clinic'])[1 + number % 3], 'rule', 'rule-7', 'delivered',
           jsonb_build_object('context', 20, 'reply', 900 + number % 500, 'total', 1000 + number % 500),
           1800, 60, 'amazon.nova-lite-v1:0', 122,
           '[{{"passage_id": "p1", "title": "Opening hours", "document_id": null}}]', md5('t' || number)
    FROM {_TURNS}
    """,  # noqa: S608 - as above
    """
    INSERT INTO deliveries (id, message_id, reply_id, status, text, created_at, updated_at)
    SELECT 'd' || number, md5('q' || number)::uuid, md5('a' || number)::uuid, 'sent', '', now() - interval '3 hours',
           now() - interval '3 hours'
    FROM generate_series(1, :turns) AS number
    """,
    """
    INSERT INTO delivery_parts (delivery_id, position, text, status, channel, provider_message_id, taken_at)
    SELECT 'd' || number, 1, '', 'delivered', 'whatsapp', 'wamid.a' || number, now()
    FROM generate_series(1, :turns) AS number
    """,
    """
    INSERT INTO message_events (channel, kind, item_id, reported, occurred_at, recorded_at, status)
    SELECT 'whatsapp', 'status', 'wamid.a' || number, status, now() - interval '150 minutes',
           now() - interval '150 minutes', status
    FROM generate_series(1, :turns) AS number, unnest(ARRAY['sent', 'delivered', 'read']) AS status
    """,
    "ALTER TABLE messages ENABLE TRIGGER USER",
    "ANALYZE messages",
    "ANALYZE deliveries",
    "ANALYZE delivery_parts",
    "ANALYZE message_events",
)
