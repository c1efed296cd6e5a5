"""What passages mean is kept in memory, and never older than the passages themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, update

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.knowledge import PostgresKnowledgeStore
from shared.adapters.postgres.passage_vectors import PassageVectors
from shared.adapters.postgres.schema import agents, knowledge_passages

pytestmark = pytest.mark.integration
ASKED = (1.0, 0.0)


async def put(database: Database, title: str, embedding: Sequence[float]) -> None:
    values = {"agent_id": "desk", "title": title, "text": f"About {title}.", "embedding": list(embedding)}
    await database.run(lambda connection: connection.execute(insert(knowledge_passages).values(values)))


@pytest.fixture
async def store(database: Database) -> PostgresKnowledgeStore:
    """Knowledge that was searched once: what it means is in memory."""
    desk = dict.fromkeys(("name", "description", "instructions", "greeting", "language", "voice"), "")
    await database.run(
        lambda connection: connection.execute(insert(agents).values(id="desk", answer_threshold=0.4, **desk))
    )
    await put(database, "hours", (0.6, 0.8))
    store = PostgresKnowledgeStore(database)
    assert await titles(store) == ["hours"]
    return store


async def titles(store: PostgresKnowledgeStore) -> list[str]:
    return [passage.title for passage in await store.search("", ASKED, limit=4)]


async def test_new_knowledge_is_found_by_the_next_search(store: PostgresKnowledgeStore, database: Database) -> None:
    await put(database, "parking", (0.8, 0.6))

    assert await titles(store) == ["parking", "hours"]


async def test_what_was_measured_anew_counts_with_the_next_search(
    store: PostgresKnowledgeStore, database: Database
) -> None:
    await put(database, "parking", (0.0, 1.0))
    await titles(store)

    def change(connection: Connection) -> Any:
        changed = update(knowledge_passages).where(knowledge_passages.c.title == "parking")
        return connection.execute(changed.values(embedding=[1.0, 0.0]))

    await database.run(change)

    assert await titles(store) == ["parking", "hours"]


async def test_knowledge_that_is_gone_is_not_found(store: PostgresKnowledgeStore, database: Database) -> None:
    await database.run(lambda connection: connection.execute(delete(knowledge_passages)))

    assert await titles(store) == []


async def test_what_goes_with_its_agent_is_not_found(store: PostgresKnowledgeStore, database: Database) -> None:
    await database.run(lambda connection: connection.execute(delete(agents)))

    assert await titles(store) == []


async def test_the_vectors_are_read_again_only_after_a_change(
    store: PostgresKnowledgeStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_connection: Connection) -> PassageVectors:
        pytest.fail("read again")

    monkeypatch.setattr(PassageVectors, "read", refuse)

    assert await titles(store) == ["hours"]


async def test_a_vector_is_read_to_the_last_bit(store: PostgresKnowledgeStore, database: Database) -> None:
    numbers = (0.5, -2.25, 2.0**-100, 2.0**100, 0.0)
    await put(database, "odd", numbers)

    vectors = await database.run(PassageVectors.read)

    (name,) = [one.passage.id for one in vectors.measured.values() if one.passage.title == "odd"]
    units = [[float(place == unit) for place in range(len(numbers))] for unit in range(len(numbers))]
    assert [vectors.closeness(name, unit) for unit in units] == list(numbers)
