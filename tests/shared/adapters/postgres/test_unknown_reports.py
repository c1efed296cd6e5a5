"""What is dropped of reports about nothing of ours, on a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select, text

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.schema import message_events, provider_messages
from shared.adapters.postgres.unknown_reports import PostgresUnknownReports
from shared.domain.message import Delivery
from shared.domain.reply import ReplyDraft
from tests.samples import a_message, a_notice, a_status

pytestmark = pytest.mark.integration

LONG_AGO = [
    text(f"UPDATE {table} SET {column} = {column} - interval '40 days'")  # noqa: S608 - our own names
    for table, column in (("provider_messages", "noted_at"), ("message_events", "recorded_at"))
]


@pytest.fixture
async def history(database: Database) -> PostgresHistoryStore:
    """A reply and a notice of ours, and statuses about one message of ours and two of others; all of it long ago."""
    history = PostgresHistoryStore(database)
    claim = await history.claim(a_message(), lease_seconds=30)
    assert claim is not None
    reply = Delivery(text="Hi", provider_message_ids=("wamid.ours",))
    await history.complete(claim, ReplyDraft(text="Hi", agent_id=None), reply)
    for provider_id in ("wamid.ours", "wamid.other", "wamid.again"):
        await history.record_status(a_status(provider_message_id=provider_id))
    await history.record_notice(a_notice(notice_id="wamid.other"))
    await database.run(_make_old)
    return history


def _make_old(connection: Connection) -> None:
    for change in LONG_AGO:
        connection.execute(change)


async def kept(database: Database) -> tuple[set[str], set[tuple[str, str]]]:
    known = select(provider_messages.c.provider_message_id)
    events = select(message_events.c.kind, message_events.c.item_id)
    ids = await database.run(lambda connection: set(connection.execute(known).scalars()))
    return ids, await database.run(lambda connection: {(row.kind, row.item_id) for row in connection.execute(events)})


async def test_only_old_statuses_without_a_message_are_dropped(
    database: Database, history: PostgresHistoryStore
) -> None:
    await history.record_status(a_status(provider_message_id="wamid.again", reported="read"))
    month_ago = datetime.now(UTC) - timedelta(days=30)

    dropped = await PostgresUnknownReports(database).forget(before=month_ago, limit=10)

    ids, events = await kept(database)
    assert dropped == 1
    assert ids == {"wamid.ours", "wamid.again"}
    assert events == {("status", "wamid.ours"), ("status", "wamid.again"), ("account", "wamid.other")}


async def test_no_more_are_dropped_at_once_than_asked_for(database: Database, history: PostgresHistoryStore) -> None:
    reports = PostgresUnknownReports(database)

    dropped = [await reports.forget(before=datetime.now(UTC), limit=1) for _ in range(3)]

    assert dropped == [1, 1, 0]
    assert history is not None
