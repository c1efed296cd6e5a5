"""The user that the history function signs in as: answers every question, and can change nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import make_url, text

from shared.adapters.postgres.application_users import PostgresApplicationUsers
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.schema import metadata
from shared.adapters.postgres.tool_audit import PostgresToolAudit
from shared.domain.conversation import ConversationStatus
from shared.domain.credentials import Access, Credentials
from shared.errors import StoreUnavailable
from shared.ports.history import HistoryFilter
from tests.samples import a_message

pytestmark = pytest.mark.integration
READER = Credentials(username="history_only", password="no secret", access=Access.READ)


@pytest.fixture
async def reading(database_url: str) -> AsyncIterator[Database]:
    """The database as the history function sees it."""
    owner = make_url(database_url)
    users = PostgresApplicationUsers(database_url, owner=lambda: (owner.username or "", owner.password or ""))
    await users.admit(READER)
    database = Database(database_url, pool_size=1, credentials=lambda: (READER.username, READER.password))
    yield database
    await database.close()


async def test_every_question_of_the_history_is_answered(database: Database, reading: Database) -> None:
    message = a_message(text="A refund, please")
    claim = await PostgresHistoryStore(database).claim(message, lease_seconds=30)
    assert claim is not None
    reader, audit = PostgresHistoryReader(reading), PostgresToolAudit(reading)

    found = [
        (await reader.conversations(wanted, cursor=None, limit=5)).items
        for wanted in (HistoryFilter(), HistoryFilter(text="refund"), HistoryFilter(user_id=message.user_id))
    ]
    none_found = [
        *(await reader.conversations(HistoryFilter(needs_attention=True), cursor=None, limit=5)).items,
        *(await reader.calls(HistoryFilter(text="refund"), cursor=None, limit=5)).items,
        *(await reader.calls(HistoryFilter(status=ConversationStatus.HUMAN), cursor=None, limit=5)).items,
        *(await audit.tool_uses(claim.conversation_id, cursor=None, limit=5)).items,
    ]
    said = (await reader.messages(claim.conversation_id, cursor=None, limit=5)).items

    assert [[item.id for item in items] for items in found] == [[claim.conversation_id]] * 3
    assert (none_found, [turn.text for turn in said]) == ([], ["A refund, please"])


@pytest.mark.parametrize("table", sorted(metadata.tables))
async def test_no_row_can_be_changed(reading: Database, table: str) -> None:
    column = next(iter(metadata.tables[table].columns)).name
    changes = (
        f'INSERT INTO {table} ("{column}") VALUES (DEFAULT)',  # noqa: S608 - names of ours.
        f'UPDATE {table} SET "{column}" = DEFAULT',  # noqa: S608
        f"DELETE FROM {table}",  # noqa: S608
        f"TRUNCATE {table} CASCADE",
        f"DROP TABLE {table} CASCADE",
    )

    for change in changes:
        with pytest.raises(StoreUnavailable) as refused:
            await reading.run(lambda connection, change=change: connection.execute(text(change)))  # type: ignore[misc]
        # Insufficient privilege.
        assert "42501" in str(refused.value.__cause__)
