"""Uploading what agents know."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from shared import errors
from shared.adapters.document_text import DocumentTextReader
from shared.domain.agent import AgentProfile
from shared.domain.knowledge.document import LARGEST_DOCUMENT_BYTES
from shared.ports.language_model import Embedder
from shared.use_cases import edit_documents
from shared.use_cases.edit_documents import EditDocuments, SearchKnowledge, Upload
from tests.fakes.documents import FakeDocumentStore
from tests.fakes.stores import FakeAgentStore

BILLING = AgentProfile(id="billing", name="Asha", description="Bills", instructions="Be brief.", greeting="Hello")
LONG = "\n".join(f"# Number {n}\nPrice {n} rupees." for n in range(30))


class CountingEmbedder:
    """Measures all texts alike, and counts them; breaks after some, if told so."""

    def __init__(self, *, breaks_after: int | None = None) -> None:
        self.measured: list[str] = []
        self._breaks_after = breaks_after

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `Embedder.embed`."""
        if self._breaks_after is not None and len(self.measured) >= self._breaks_after:
            raise errors.ModelUnavailable("broken")
        self.measured += texts
        return [(0.6, 0.8) for _ in texts]


def an_upload(text: str = LONG, title: str = "Prices") -> Upload:
    return Upload(title=title, media_type="text/markdown", content=text.encode())


@pytest.fixture
def agents() -> FakeAgentStore:
    return FakeAgentStore([BILLING])


@pytest.fixture
def store(agents: FakeAgentStore) -> FakeDocumentStore:
    return FakeDocumentStore(agents)


def editor(store: FakeDocumentStore, embedder: Embedder | None) -> EditDocuments:
    return EditDocuments(store, DocumentTextReader(), embedder)


async def test_every_passage_is_measured_with_its_title(store: FakeDocumentStore) -> None:
    embedder = CountingEmbedder()

    document, is_new = await editor(store, embedder).add("billing", an_upload())

    assert is_new
    assert document.passage_count == len(embedder.measured) == 30
    assert embedder.measured[0] == "Number 0. Price 0 rupees."


async def test_the_same_content_again_is_neither_kept_nor_measured(store: FakeDocumentStore) -> None:
    first, _ = await editor(store, CountingEmbedder()).add("billing", an_upload())
    embedder = CountingEmbedder()

    again, is_new = await editor(store, embedder).add("billing", an_upload(title="Other"))

    assert (again, is_new, embedder.measured) == (first, False, [])


async def test_nothing_is_kept_when_measuring_breaks_off(store: FakeDocumentStore) -> None:
    with pytest.raises(errors.ModelUnavailable) as caught:
        await editor(store, CountingEmbedder(breaks_after=8)).add("billing", an_upload())

    assert caught.value.retry_after_seconds
    assert await store.all("billing") == ()


async def test_measuring_without_end_is_given_up(store: FakeDocumentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless:
        async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
            await asyncio.Event().wait()
            return [() for _ in texts]

    monkeypatch.setattr(edit_documents, "MEASURING_SECONDS", 0.0)

    with pytest.raises(errors.ModelUnavailable, match="in parts"):
        await editor(store, Endless()).add("billing", an_upload())

    assert await store.all("billing") == ()


async def test_without_an_embedder_passages_are_kept_and_found_by_words(
    store: FakeDocumentStore, agents: FakeAgentStore
) -> None:
    await editor(store, None).add("billing", an_upload("# Parking\nIn the basement."))

    (found,) = await SearchKnowledge(store, agents, None)("billing", "Where is the parking?", limit=4)

    assert found.text == "In the basement."
    assert found.score >= BILLING.answer_threshold


async def test_while_the_embedder_is_down_knowledge_is_found_by_words(
    store: FakeDocumentStore, agents: FakeAgentStore
) -> None:
    await editor(store, None).add("billing", an_upload("# Parking\nIn the basement."))

    found = await SearchKnowledge(store, agents, CountingEmbedder(breaks_after=0))("billing", "parking", limit=4)

    assert len(found) == 1


async def test_a_replaced_document_keeps_its_title_unless_given_one(store: FakeDocumentStore) -> None:
    edit = editor(store, CountingEmbedder())
    document, _ = await edit.add("billing", an_upload())

    kept = await edit.replace("billing", document.id, an_upload("New.", title=""))
    renamed = await edit.replace("billing", document.id, an_upload("New.", title="Fees"))

    assert (kept.title, renamed.title) == ("Prices", "Fees")


async def test_a_failed_replacement_leaves_the_old_content(store: FakeDocumentStore) -> None:
    document, _ = await editor(store, CountingEmbedder()).add("billing", an_upload())

    with pytest.raises(errors.ModelUnavailable):
        await editor(store, CountingEmbedder(breaks_after=0)).replace("billing", document.id, an_upload("New."))

    assert await store.all("billing") == (document,)


async def test_too_large_a_file_is_not_even_read(store: FakeDocumentStore) -> None:
    with pytest.raises(errors.TooLarge):
        await editor(store, None).add("billing", an_upload("x" * (LARGEST_DOCUMENT_BYTES + 1)))


async def test_knowledge_of_nobody_is_not_searched(store: FakeDocumentStore, agents: FakeAgentStore) -> None:
    with pytest.raises(errors.NotFound):
        await SearchKnowledge(store, agents, None)("nobody", "parking", limit=4)
