"""Statements that fill the tables: every value is computed from a row's number, so every run makes the same rows."""

from __future__ import annotations

# A number in [0, 1) that depends on `number` and `salt` alone.
CHANCE = """
CREATE OR REPLACE FUNCTION benchmark_chance(number BIGINT, salt INTEGER) RETURNS DOUBLE PRECISION
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(number, salt) & 1125899906842623) / 1125899906842624.0
"""

# As `identifiers.new_id`: grows with time, and is random otherwise.
TIMED_ID = """
CREATE OR REPLACE FUNCTION benchmark_id(at TIMESTAMPTZ, name TEXT) RETURNS UUID
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(name), 1, 3)
        || '8' || substr(md5(name), 4, 15))::uuid
"""

# What is known of a conversation before its messages are written. The newest are the most: a business grows.
PLAN = """
CREATE UNLOGGED TABLE benchmark_plan AS
SELECT
    number, benchmark_id(at, 'conversation ' || number) AS id, channel, at, message_count, language,
    '91' || lpad((7000000000 + person)::text, 10, '0') AS user_id,
    CASE
        WHEN benchmark_chance(number, 7) < 0.0004 THEN 'complaints'
        ELSE (ARRAY['reception', 'appointments', 'billing', 'orders', 'pharmacy', 'laboratory', 'sales', 'support'])
             [1 + floor(8 * power(benchmark_chance(number, 8), 1.7))]
    END AS agent_id,
    CASE WHEN benchmark_chance(number, 9) < 0.003 THEN 'human' ELSE 'open' END AS status,
    CASE WHEN channel = 'voice' THEN 'CA' || md5('call ' || number) END AS call_sid
FROM (
    SELECT
        number,
        now() - interval '730 days' * power(1 - number / ({conversations} + 1.0), 1.6) AS at,
        person,
        -- Who calls and who writes are the same people by half.
        CASE WHEN benchmark_chance(number, 3) < 0.25 THEN 'voice' ELSE 'whatsapp' END AS channel,
        2 + least(150, floor(-8.5 * ln(1 - benchmark_chance(number, 4))))::int AS message_count,
        CASE
            WHEN benchmark_chance(person, 5) < 0.40 THEN 0
            WHEN benchmark_chance(person, 5) < 0.65 THEN 1
            WHEN benchmark_chance(person, 5) < 0.85 THEN 2
            ELSE 3
        END AS language
    FROM (
        SELECT number, floor({people} * power(benchmark_chance(number, 2), 2))::bigint AS person
        FROM generate_series(1, {conversations}) AS number
    ) AS persons
) AS moments
"""

USERS = """
INSERT INTO users (channel, user_id, name, first_seen_at, last_seen_at)
SELECT channel, user_id, CASE WHEN channel = 'whatsapp' THEN 'User ' || right(user_id, 5) END, min(at), max(at)
FROM benchmark_plan GROUP BY channel, user_id ORDER BY min(at)
"""

# A third of those who write have an identity that is no phone number.
ALIASES = """
INSERT INTO user_aliases (channel, alias, user_id, noted_at)
SELECT channel, 'IN.' || user_id || '00', user_id, first_seen_at FROM users
WHERE channel = 'whatsapp' AND right(user_id, 1) IN ('0', '3', '7')
"""

CONVERSATIONS = """
INSERT INTO conversations
    (id, channel, user_id, status, agent_id, started_at, last_message_at, last_activity_at, message_count)
SELECT id, channel, user_id, status, agent_id, at, at + message_count * interval '25 seconds',
       at + message_count * interval '25 seconds', message_count
FROM benchmark_plan ORDER BY number
"""

CALLS = """
INSERT INTO calls (call_sid, conversation_id, caller_id, business_id, direction, state, agent_id, started_at,
                   answered_at, ended_at, end_reason)
SELECT call_sid, id, user_id, '918000000000',
       CASE WHEN benchmark_chance(number, 21) < 0.05 THEN 'outbound' ELSE 'inbound' END,
       CASE WHEN is_live THEN 'live'
            WHEN benchmark_chance(number, 22) < 0.02 THEN 'failed' ELSE 'ended' END,
       agent_id, at, at + interval '1 second',
       CASE WHEN NOT is_live THEN at + message_count * interval '25 seconds' END,
       CASE WHEN NOT is_live THEN 'caller hung up' END
FROM (
    SELECT *, number > max(number) OVER () - 60 AS is_live FROM benchmark_plan WHERE channel = 'voice'
) AS planned
ORDER BY number
"""

RECORDINGS = """
INSERT INTO recordings (call_sid, key, duration_ms)
SELECT call_sid, 'recordings/' || to_char(at, 'YYYY/MM/DD') || '/' || call_sid || '/call.wav', message_count * 25000
FROM benchmark_plan WHERE call_sid IS NOT NULL AND benchmark_chance(number, 23) < 0.95 ORDER BY number
"""

# Questions have odd places, answers even ones. One message in a thousand names an invoice that no other names.
MESSAGES = """
INSERT INTO messages (id, conversation_id, channel, user_id, business_id, direction, speaker, kind, text, sent_at,
                      stored_at, provider_message_id, attributes, state, unanswered_because, answers_id, agent_id,
                      route_reason, delivery_status, stages_ms, input_tokens, output_tokens, model, cost_microusd,
                      call_sid, start_ms, end_ms)
SELECT
    benchmark_id(said_at, 'message ' || seed), id, channel, user_id, '918000000000',
    CASE WHEN is_answer THEN 'outbound' ELSE 'inbound' END,
    CASE WHEN is_answer THEN 'agent' ELSE 'user' END,
    CASE WHEN channel = 'voice' THEN 'speech' ELSE 'text' END,
    sentences.text || CASE WHEN benchmark_chance(seed, 15) < 0.001 THEN ' INV' || seed ELSE '' END,
    said_at, said_at,
    CASE WHEN channel = 'whatsapp' THEN 'wamid.' || md5('message ' || seed)
         WHEN NOT is_answer THEN call_sid || '.' || place END,
    '{{}}',
    CASE WHEN NOT is_answer THEN 'done' END,
    CASE WHEN NOT is_answer AND benchmark_chance(seed, 16) < 0.0005 THEN 'stale' END,
    CASE WHEN is_answer THEN benchmark_id(said_at - interval '25 seconds', 'message ' || seed - 1) END,
    CASE WHEN is_answer THEN agent_id END,
    CASE WHEN is_answer THEN 'sticky' END,
    CASE WHEN is_answer AND channel = 'whatsapp' THEN
        CASE WHEN benchmark_chance(seed, 17) < 0.003 THEN 'failed'
             WHEN benchmark_chance(seed, 17) < 0.3 THEN 'delivered' ELSE 'read' END
    END,
    CASE WHEN is_answer THEN '{{"routing": 2, "model": 640, "total": 910}}'::jsonb ELSE '{{}}' END,
    CASE WHEN is_answer THEN 1200 END, CASE WHEN is_answer THEN 60 END,
    CASE WHEN is_answer THEN 'some-model' END, CASE WHEN is_answer THEN 90 END,
    call_sid,
    CASE WHEN channel = 'voice' THEN (place - 1) * 25000 END,
    CASE WHEN channel = 'voice' THEN (place - 1) * 25000 + 6000 END
FROM (
    SELECT plan.*, place, place % 2 = 0 AS is_answer, at + (place - 1) * interval '25 seconds' AS said_at,
           number * 1000 + place AS seed
    FROM benchmark_plan AS plan CROSS JOIN LATERAL generate_series(1, message_count) AS place
    WHERE number > {after} AND number <= {until}
) AS said
JOIN benchmark_sentences AS sentences (sentence_id, text)
  ON sentence_id = language * {sentences} + floor({sentences} * benchmark_chance(seed, 14))::int
ORDER BY number, place
"""

# The outbox and what was reported, for the WhatsApp answers of the last month.
RECENT_ANSWERS = """
CREATE UNLOGGED TABLE benchmark_answers AS
SELECT id, answers_id, channel, text, agent_id, sent_at, provider_message_id, delivery_status
FROM messages
WHERE direction = 'outbound' AND channel = 'whatsapp' AND sent_at > now() - interval '30 days'
ORDER BY arrival
"""

DELIVERIES = """
INSERT INTO deliveries (id, message_id, reply_id, status, text, agent_id, attempts, created_at, updated_at)
SELECT answers_id::text, answers_id, id, 'sent', text, agent_id, 1, sent_at, sent_at FROM benchmark_answers
"""

PARTS = """
INSERT INTO delivery_parts (delivery_id, position, text, status, channel, provider_message_id, taken_at, updated_at)
SELECT answers_id::text, 1, text, delivery_status, channel, provider_message_id, sent_at, sent_at
FROM benchmark_answers
"""

PROVIDER_NAMES = """
INSERT INTO provider_messages (channel, provider_message_id, message_id, noted_at)
SELECT channel, provider_message_id, id, sent_at FROM benchmark_answers
"""

REPORTS = """
INSERT INTO message_events (channel, kind, item_id, reported, occurred_at, recorded_at, status, correlation_id)
SELECT channel, 'status', provider_message_id, reported, sent_at + after, sent_at + after, reported, answers_id::text
FROM benchmark_answers
CROSS JOIN (VALUES ('sent', interval '1 second'), ('delivered', '2 seconds'), ('read', '9 seconds'))
    AS reports (reported, after)
WHERE delivery_status <> 'failed'
"""
