"""What a restored database holds of the ledger, in the ledger's words."""

from __future__ import annotations

from local.drill.evidence import connect

# Only what the ledger's writer wrote: history that was there before is counted by the restore check.
_QUERIES = {
    "message": "SELECT provider_message_id FROM messages WHERE provider_message_id LIKE 'wamid.drill.in.%'",
    "reply": (
        "SELECT asked.provider_message_id FROM messages AS asked JOIN messages AS reply ON reply.answers_id = asked.id "
        "WHERE asked.provider_message_id LIKE 'wamid.drill.in.%' AND asked.state = 'done'"
    ),
    "call": "SELECT call_sid FROM calls",
    "turn": "SELECT call_sid || ':' || position FROM messages WHERE position IS NOT NULL",
    "end": "SELECT call_sid FROM calls WHERE state = 'ended'",
    "recording": "SELECT call_sid FROM recordings",
}
_RECORDINGS = "SELECT call_sid, key FROM recordings ORDER BY call_sid"


def found_in(database_url: str) -> set[str]:
    """Every commit of the ledger that is there: its kind, a space and the provider's id."""
    connection = connect(database_url)
    try:
        return {f"{kind} {name}" for kind, query in _QUERIES.items() for (name,) in connection.run(query)}
    finally:
        connection.close()


def recording_keys(database_url: str) -> dict[str, str]:
    """Where the recording of each call should lie."""
    connection = connect(database_url)
    try:
        return dict(connection.run(_RECORDINGS))
    finally:
        connection.close()
