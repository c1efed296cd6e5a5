"""What became of a message is found without looking through everything that was ever reported."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from shared.adapters.postgres.engine import Database

pytestmark = pytest.mark.integration

_MANY = text(
    """
    INSERT INTO message_events (channel, kind, item_id, reported, occurred_at, status, correlation_id)
    SELECT 'whatsapp', 'status', 'wamid.' || n, 'sent', now(), 'sent', 'd-' || n FROM generate_series(1, 20000) AS n
    """
)
_ASKED = text(
    """
    EXPLAIN SELECT * FROM message_events WHERE kind = 'status' AND channel = 'whatsapp'
    AND (item_id IN ('wamid.7', 'wamid.8') OR correlation_id IN ('d-8', 'd-8.1', 'd-8.2'))
    """
)


async def test_the_reports_about_a_message_are_read_from_indexes(database: Database) -> None:
    def plan(connection: Connection) -> str:
        connection.execute(_MANY)
        connection.execute(text("ANALYZE message_events"))
        return "\n".join(connection.execute(_ASKED).scalars())

    found = await database.run(plan)

    assert "message_events_once" in found
    assert "message_events_correlation" in found
    assert "Seq Scan" not in found
