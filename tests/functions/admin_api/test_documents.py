"""Documents of agents as a client uploads, reads and searches them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shared import errors
from shared.adapters.document_text import DocumentTextReader
from shared.domain.access import Caller, Role
from shared.domain.agent import AgentProfile
from shared.domain.knowledge.document import LARGEST_DOCUMENT_BYTES
from shared.http_api import knowledge_examples as examples
from shared.use_cases.edit_documents import EditDocuments, SearchKnowledge
from tests.fakes.documents import FakeDocumentStore
from tests.fakes.stores import FakeAgentStore
from tests.functions.loading import Answer, Exchangeable, load_function, replay, send, unlimited

BILLING = AgentProfile(id="billing", name="Asha", description="Bills", instructions="Be brief.", greeting="Hello")
DOCUMENTS = "/api/v1/agents/billing/documents"
PRICES = examples.UPLOADS["text/markdown"]


class Admins:
    """Lets everybody in, in the role that the token names."""

    async def verify(self, token: str) -> Caller:
        """See `TokenVerifier.verify`."""
        return Caller(subject="u", roles=frozenset({Role(token)}))


class Embedder:
    """Finds all texts alike; while it is down, it measures nothing."""

    is_down = False

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `Embedder.embed`."""
        if self.is_down:
            raise errors.ModelUnavailable("down")
        return [(0.6, 0.8) for _ in texts]


@pytest.fixture
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture(scope="module")
def places() -> dict[str, Exchangeable]:
    return {name: Exchangeable() for name in ("edit_documents", "search_knowledge")}


@pytest.fixture(scope="module")
def loaded(places: dict[str, Exchangeable]) -> ModuleType:
    unused = dict.fromkeys(
        (
            *("edit_agents", "edit_rules", "edit_tools", "try_tool", "try_routing", "change_hands", "update_tickets"),
            *("live_tasks", "send_outbound_message", "write_as_person", "place_call", "call_backs", "link_persons"),
        )
    )
    return load_function(
        "admin_api",
        **unused,
        settings=SimpleNamespace(allowed_origins=()),
        token_verifier=Admins(),
        limit_requests=unlimited,
        **places,
    )


@pytest.fixture
def module(loaded: ModuleType, places: dict[str, Exchangeable], embedder: Embedder) -> ModuleType:
    agents = FakeAgentStore([BILLING])
    documents = FakeDocumentStore(agents)
    places["edit_documents"].current = EditDocuments(documents, DocumentTextReader(), embedder)
    places["search_knowledge"].current = SearchKnowledge(documents, agents, embedder)
    return loaded


@pytest.fixture
def ask(module: ModuleType) -> Any:
    def ask(
        method: str,
        path: str,
        body: str | bytes = b"",
        *,
        title: str | None = None,
        media_type: str | None = "text/markdown",
        role: str = "admin",
    ) -> Answer:
        content = body.encode() if isinstance(body, str) else body
        headers = {"authorization": f"Bearer {role}", "content-length": str(len(content))}
        return send(
            module,
            {
                "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:x:1:targetgroup/x/1"}},
                "httpMethod": method,
                "path": path,
                "headers": headers | ({} if media_type is None else {"content-type": media_type}),
                "queryStringParameters": {} if title is None else {"title": title},
                "body": base64.b64encode(content).decode(),
                "isBase64Encoded": True,
            },
        )

    return ask


def test_an_uploaded_document_can_be_read_and_found(ask: Any) -> None:
    added = ask("POST", DOCUMENTS, PRICES, title="Price%20list")

    document = added.json["data"]
    assert added.status == 201
    assert added.headers["location"] == f"{DOCUMENTS}/{document['id']}"
    assert (document["title"], document["media_type"], document["passage_count"]) == ("Price list", "text/markdown", 1)
    assert ask("GET", DOCUMENTS).json["data"]["items"] == [document]
    read = ask("GET", f"{DOCUMENTS}/{document['id']}").json["data"]
    assert [passage["title"] for passage in read["passages"]] == ["Laboratory: Blood tests"]
    assert read["next_cursor"] is None
    question = '{"question": "What does a blood sugar test cost?"}'
    found = ask("POST", "/api/v1/agents/billing/knowledge/search", question, media_type="application/json")
    (passage,) = found.json["data"]["passages"]
    assert (passage["passage_id"], passage["document_id"]) == (read["passages"][0]["id"], document["id"])


def test_long_documents_are_read_in_pages(ask: Any) -> None:
    text = "\n".join(f"# Number {n}\nText." for n in range(150))
    document = ask("POST", DOCUMENTS, text, title="Long").json["data"]

    page = ask("GET", f"{DOCUMENTS}/{document['id']}").json["data"]

    assert (len(page["passages"]), page["next_cursor"]) == (100, 100)


def test_uploading_the_same_again_changes_nothing(ask: Any) -> None:
    first = ask("POST", DOCUMENTS, PRICES, title="Prices")

    again = ask("POST", DOCUMENTS, PRICES, title="Other")

    assert again.status == 200
    assert again.json["data"] == first.json["data"]


def test_a_document_is_replaced_and_keeps_its_title(ask: Any) -> None:
    document = ask("POST", DOCUMENTS, PRICES, title="Prices").json["data"]

    replaced = ask("PUT", f"{DOCUMENTS}/{document['id']}", "Blood,Price\nSugar,200\n", media_type="text/csv")

    assert replaced.status == 200
    assert (replaced.json["data"]["id"], replaced.json["data"]["title"]) == (document["id"], "Prices")
    read = ask("GET", f"{DOCUMENTS}/{document['id']}").json["data"]
    assert [passage["text"] for passage in read["passages"]] == ["Blood: Sugar; Price: 200."]


def test_content_of_another_document_is_a_conflict(ask: Any) -> None:
    ask("POST", DOCUMENTS, PRICES, title="Prices")
    other = ask("POST", DOCUMENTS, "Something else.", title="Other").json["data"]

    assert ask("PUT", f"{DOCUMENTS}/{other['id']}", PRICES).status == 409


def test_a_removed_document_is_gone(ask: Any) -> None:
    document = ask("POST", DOCUMENTS, PRICES, title="Prices").json["data"]

    assert ask("DELETE", f"{DOCUMENTS}/{document['id']}").status == 204
    assert ask("GET", f"{DOCUMENTS}/{document['id']}").status == 404


@pytest.mark.parametrize(
    ("body", "title", "media_type", "status"),
    [
        (PRICES, None, "text/markdown", 422),
        (PRICES, "%20", "text/markdown", 422),
        (PRICES, "Prices", None, 422),
        (PRICES, "Prices", "application/zip", 422),
        ("", "Prices", "text/plain", 422),
        (b"\xff\xfe\xfa", "Prices", "text/plain", 422),
        ("not a pdf", "Prices", "application/pdf", 422),
        ("x" * (LARGEST_DOCUMENT_BYTES + 1), "Prices", "text/plain", 413),
    ],
)
def test_what_cannot_be_kept_is_refused(
    ask: Any, body: str | bytes, title: str | None, media_type: str | None, status: int
) -> None:
    refused = ask("POST", DOCUMENTS, body, title=title, media_type=media_type)

    assert refused.status == status
    assert refused.json["error"]["message"]
    assert ask("GET", DOCUMENTS).json["data"]["items"] == []


def test_the_largest_document_is_taken(ask: Any) -> None:
    words = "A sentence of eight words and no more. " * (LARGEST_DOCUMENT_BYTES // 39 // 8)

    assert ask("POST", DOCUMENTS, words.ljust(LARGEST_DOCUMENT_BYTES), title="Long").status == 201


def test_nothing_is_kept_while_meaning_cannot_be_measured(ask: Any, embedder: Embedder) -> None:
    embedder.is_down = True

    refused = ask("POST", DOCUMENTS, PRICES, title="Prices")

    assert refused.status == 503
    assert int(refused.headers["retry-after"]) > 0
    assert ask("GET", DOCUMENTS).json["data"]["items"] == []


def test_knowledge_is_found_by_words_while_meaning_cannot_be_measured(ask: Any, embedder: Embedder) -> None:
    ask("POST", DOCUMENTS, PRICES, title="Prices")
    embedder.is_down = True

    question = '{"question": "blood sugar"}'
    found = ask("POST", "/api/v1/agents/billing/knowledge/search", question, media_type="application/json")

    assert len(found.json["data"]["passages"]) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/agents/nobody/documents"),
        ("POST", "/api/v1/agents/nobody/documents"),
        ("GET", f"{DOCUMENTS}/0192f6a0-5e1b-7b9f-8c2d-1a0f6b7c8d9e"),
        ("PUT", f"{DOCUMENTS}/0192f6a0-5e1b-7b9f-8c2d-1a0f6b7c8d9e"),
        ("DELETE", f"{DOCUMENTS}/no-uuid"),
    ],
)
def test_what_is_not_there_is_said_so(ask: Any, method: str, path: str) -> None:
    assert ask(method, path, PRICES, title="Prices").status == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_admins_change_what_agents_know(ask: Any, method: str) -> None:
    assert ask(method, DOCUMENTS, PRICES, title="Prices", role="operator").status == 403


def test_the_sample_event_adds_a_document(module: ModuleType) -> None:
    assert replay(module, "admin_api/document", token="admin").status == 201
