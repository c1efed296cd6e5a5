"""A history of some weeks, so that the restored database is not an empty one; written in bulk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Connection, insert

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.identifiers import new_id
from shared.adapters.postgres.schema import conversations, messages, users

DAYS = 30
_MESSAGES_OF_A_USER = 50
_TEXT = "When are you open on Saturday, and do I need an appointment for a blood test? " * 4


async def write_past(database: Database, *, count: int) -> None:
    """Store so many messages, the newest an hour old."""
    await database.run(partial(_write, count=count))


def _write(connection: Connection, *, count: int) -> None:
    newest = datetime.now(UTC) - timedelta(hours=1)
    apart = timedelta(days=DAYS) / count
    for first in range(0, count, _MESSAGES_OF_A_USER):
        user_id, conversation_id = f"9177{first:08}", new_id()
        oldest_at = newest - apart * (first + _MESSAGES_OF_A_USER)
        whose = {"channel": "whatsapp", "user_id": user_id}
        times = {"started_at": oldest_at, "last_message_at": newest - apart * first}
        connection.execute(insert(users).values(**whose, first_seen_at=oldest_at))
        connection.execute(insert(conversations).values(**whose, **times, id=conversation_id, status="open"))
        rows = [
            {
                **whose,
                "id": new_id(),
                "conversation_id": conversation_id,
                "direction": "inbound",
                "speaker": "user",
                "kind": "text",
                "text": _TEXT,
                "sent_at": newest - apart * number,
                "stored_at": newest - apart * number,
                "provider_message_id": f"wamid.past.{number}",
                "state": "done",
            }
            for number in range(first, min(first + _MESSAGES_OF_A_USER, count))
        ]
        connection.execute(insert(messages).values(rows))
