"""The tables that Athena needs to read exports: days and hours are computed, so that nobody has to add partitions."""

from __future__ import annotations

from shared.domain.export import FOLDER, Dataset

_USER = {"channel": "string", "user_hash": "string", "user_id": "string"}
_USAGE = {"model": "string", "input_tokens": "bigint", "output_tokens": "bigint", "cost_microusd": "bigint"}
COLUMNS: dict[Dataset, dict[str, str]] = {
    Dataset.CONVERSATIONS: {
        **_USER,
        "message_id": "string",
        "conversation_id": "string",
        "direction": "string",
        "speaker": "string",
        "kind": "string",
        "sent_at": "string",
        "stored_at": "string",
        "text": "string",
        "characters": "bigint",
        "agent_id": "string",
        "route_reason": "string",
        "interrupted": "boolean",
        "delivery_status": "string",
        "error_code": "string",
        "latency_ms": "bigint",
        **_USAGE,
        "citations": "array<struct<passage_id:string,title:string,document_id:string>>",
        "answers_id": "string",
        "joined_to": "string",
        "call_sid": "string",
        "start_ms": "bigint",
        "end_ms": "bigint",
        "trace_id": "string",
        "provider_message_id": "string",
        "reply_to": "string",
    },
    Dataset.TRACES: {
        **_USER,
        "trace_id": "string",
        "message_id": "string",
        "reply_id": "string",
        "conversation_id": "string",
        "call_sid": "string",
        "received_at": "string",
        "settled_at": "string",
        "attempts": "bigint",
        "unanswered_because": "string",
        "agent_id": "string",
        "route_reason": "string",
        "route_detail": "string",
        "hand_overs": "array<string>",
        "interrupted": "boolean",
        "delivery_status": "string",
        "error_code": "string",
        "latency_ms": "bigint",
        "stages_ms": "map<string,bigint>",
        "tools": "array<struct<tool:string,agent_id:string,begun_at:string,outcome:string,elapsed_ms:bigint>>",
        **_USAGE,
    },
    Dataset.CALLS: {
        **_USER,
        "call_sid": "string",
        "conversation_id": "string",
        "direction": "string",
        "state": "string",
        "started_at": "string",
        "answered_at": "string",
        "ended_at": "string",
        "talked_ms": "bigint",
        "end_reason": "string",
        "settled_at": "string",
        "trace_id": "string",
    },
}
"""Names in the order of the lines, and Hive's types. Times are ISO 8601: `from_iso8601_timestamp(stored_at)`."""


def table_of(dataset: Dataset, bucket: str) -> str:
    """What creates the table; run it once, in the region of the bucket."""
    columns = ",\n".join(f"  `{name}` {kind}" for name, kind in COLUMNS[dataset].items())
    place = f"s3://{bucket}/{FOLDER}{dataset}/"
    properties = {
        "projection.enabled": "true",
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": "2026-01-01,NOW",
        "projection.hour.type": "integer",
        "projection.hour.range": "0,23",
        "projection.hour.digits": "2",
        "storage.location.template": f"{place}dt=${{dt}}/hour=${{hour}}/",
    }
    told = ",\n".join(f"  '{name}' = '{value}'" for name, value in properties.items())
    return (
        f"CREATE EXTERNAL TABLE {dataset} (\n{columns}\n)\n"
        "PARTITIONED BY (`dt` string, `hour` string)\n"
        "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'\n"
        f"LOCATION '{place}'\n"
        f"TBLPROPERTIES (\n{told}\n);\n"
    )
