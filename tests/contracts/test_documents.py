"""What every DocumentStore promises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import delete, insert

from shared import errors
from shared.adapters.postgres.documents import PostgresDocumentStore
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.knowledge import PostgresKnowledgeStore
from shared.adapters.postgres.schema import agents
from shared.domain.agent import AgentProfile
from shared.domain.knowledge.document import (
    MOST_PASSAGES,
    MOST_PASSAGES_OF_AGENT,
    DocumentPassage,
    MeasuredPassage,
    NewDocument,
)
from shared.ports.documents import DocumentStore
from shared.ports.knowledge import KnowledgeStore
from tests.contracts.conftest import REAL
from tests.fakes.documents import FakeDocumentStore
from tests.fakes.stores import FakeAgentStore

BILLING = AgentProfile(id="billing", name="Asha", description="Bills", instructions="Be brief.", greeting="Hello")
RECEPTION = replace(BILLING, id="reception")
PRICES = NewDocument(agent_id="billing", title="Prices", media_type="text/plain", sha256="a" * 64, size_bytes=9)
UNKNOWN = str(UUID(int=7))
MakeStores = Callable[[], Awaitable["Stores"]]


class Stores(NamedTuple):
    """Both, over the same agents."""

    documents: DocumentStore
    knowledge: KnowledgeStore


def passages(*texts: str) -> list[MeasuredPassage]:
    return [
        MeasuredPassage(passage=DocumentPassage(title=f"Title of {text}", text=text), embedding=(0.6, 0.8))
        for text in texts
    ]


@pytest.fixture(params=["fake", REAL])
def make_stores(request: pytest.FixtureRequest) -> MakeStores:
    async def fake() -> Stores:
        known = FakeAgentStore([BILLING, RECEPTION])
        return Stores(FakeDocumentStore(known), known)

    async def real() -> Stores:
        await database.run(lambda connection: connection.execute(insert(agents), [asdict(BILLING), asdict(RECEPTION)]))
        return Stores(PostgresDocumentStore(database), PostgresKnowledgeStore(database))

    if request.param == "fake":
        return fake
    database = request.getfixturevalue("database")
    return real


async def test_a_document_is_read_as_it_was_kept(make_stores: MakeStores) -> None:
    stores = await make_stores()
    added = await stores.documents.add(PRICES, passages("one", "two", "three"))

    assert (added.agent_id, added.title, added.passage_count, added.size_bytes) == ("billing", "Prices", 3, 9)
    assert await stores.documents.document("billing", added.id) == added
    assert await stores.documents.all("billing") == (added,)
    assert await stores.documents.all("reception") == ()
    assert await stores.documents.with_content("billing", PRICES.sha256) == added
    kept = await stores.documents.passages("billing", added.id, after=1, limit=5)
    assert [(passage.title, passage.text) for passage in kept] == [("Title of two", "two"), ("Title of three", "three")]


async def test_passages_are_found_with_their_document(make_stores: MakeStores) -> None:
    stores = await make_stores()
    added = await stores.documents.add(PRICES, passages("one"))
    (kept,) = await stores.documents.passages("billing", added.id, after=0, limit=5)

    (found,) = await stores.knowledge.search("", (0.6, 0.8), limit=4)

    assert (found.text, found.id, found.document_id) == ("one", kept.id, added.id)


async def test_passages_that_nobody_measured_are_found_by_words(make_stores: MakeStores) -> None:
    stores = await make_stores()
    unmeasured = [MeasuredPassage(passage=DocumentPassage(title="Parking", text="In the basement."))]
    await stores.documents.add(PRICES, unmeasured)

    (found,) = await stores.knowledge.search("parking", (0.6, 0.8), limit=4)

    assert found.text == "In the basement."


async def test_the_same_content_is_kept_once_for_each_agent(make_stores: MakeStores) -> None:
    stores = await make_stores()
    first = await stores.documents.add(PRICES, passages("one"))

    again = await stores.documents.add(replace(PRICES, title="Other"), passages("one"))
    elsewhere = await stores.documents.add(replace(PRICES, agent_id="reception"), passages("one"))

    assert again == first
    assert elsewhere.id != first.id
    assert len(await stores.documents.all("billing")) == 1


async def test_new_content_takes_the_place_of_the_old(make_stores: MakeStores) -> None:
    stores = await make_stores()
    added = await stores.documents.add(PRICES, passages("one", "two"))

    changed = await stores.documents.replace(added.id, replace(PRICES, sha256="b" * 64), passages("three"))

    assert (changed.id, changed.passage_count, changed.sha256) == (added.id, 1, "b" * 64)
    assert changed.created_at == added.created_at
    assert changed.updated_at >= added.updated_at
    found = await stores.knowledge.search("", (0.6, 0.8), limit=4)
    assert [passage.text for passage in found] == ["three"]


async def test_content_that_another_document_has_is_refused(make_stores: MakeStores) -> None:
    stores = await make_stores()
    await stores.documents.add(PRICES, passages("one"))
    other = await stores.documents.add(replace(PRICES, sha256="b" * 64), passages("two"))

    with pytest.raises(errors.VersionConflict):
        await stores.documents.replace(other.id, PRICES, passages("one"))

    assert await stores.documents.document("billing", other.id) == other


async def test_a_removed_document_is_not_found_any_more(make_stores: MakeStores) -> None:
    stores = await make_stores()
    added = await stores.documents.add(PRICES, passages("one"))

    await stores.documents.remove("billing", added.id)

    assert await stores.documents.all("billing") == ()
    assert await stores.knowledge.search("one", (0.6, 0.8), limit=4) == ()


Ask = Callable[[DocumentStore], Awaitable[object]]


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.all("nobody"),
        lambda store: store.with_content("nobody", "a" * 64),
        lambda store: store.add(replace(PRICES, agent_id="nobody"), passages("one")),
        lambda store: store.document("billing", UNKNOWN),
        lambda store: store.document("billing", "no-uuid"),
        lambda store: store.replace(UNKNOWN, PRICES, passages("one")),
        lambda store: store.remove("billing", UNKNOWN),
    ],
)
async def test_what_is_not_there_is_said_so(make_stores: MakeStores, ask: Ask) -> None:
    stores = await make_stores()
    with pytest.raises(errors.NotFound):
        await ask(stores.documents)


async def test_a_document_of_another_agent_is_not_there(make_stores: MakeStores) -> None:
    stores = await make_stores()
    added = await stores.documents.add(PRICES, passages("one"))

    with pytest.raises(errors.NotFound):
        await stores.documents.document("reception", added.id)
    with pytest.raises(errors.NotFound):
        await stores.documents.remove("reception", added.id)
    assert await stores.documents.passages("reception", added.id, after=0, limit=5) == ()


async def test_an_agent_knows_only_so_much(make_stores: MakeStores) -> None:
    stores = await make_stores()
    full = MOST_PASSAGES_OF_AGENT // MOST_PASSAGES
    for number in range(full):
        given = replace(PRICES, sha256=f"{number:064}")
        await stores.documents.add(given, passages(*(f"{number} {n}" for n in range(MOST_PASSAGES))))

    with pytest.raises(errors.InvalidContent):
        await stores.documents.add(PRICES, passages("one more"))

    assert len(await stores.documents.all("billing")) == full


@pytest.mark.integration
async def test_what_an_agent_knew_goes_with_it(database: Database) -> None:
    await database.run(lambda connection: connection.execute(insert(agents), [asdict(BILLING)]))
    store = PostgresDocumentStore(database)
    await store.add(PRICES, passages("one"))

    await database.run(lambda connection: connection.execute(delete(agents)))

    assert await PostgresKnowledgeStore(database).search("one", (0.6, 0.8), limit=4) == ()
