"""What every CatalogueStore and every KnowledgeStore promises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from typing import NamedTuple

import pytest
from sqlalchemy import Connection, insert

from shared.adapters.linear_expressions import compile_expression
from shared.adapters.postgres.catalogue import PostgresCatalogueStore
from shared.adapters.postgres.knowledge import PostgresKnowledgeStore
from shared.adapters.postgres.schema import agents, knowledge_passages, routing_rules
from shared.domain.agent import AgentProfile, Passage, RoutingRule, RuleKind
from shared.domain.routing.steps import MEANING_THRESHOLD
from shared.ports.catalogue import CatalogueStore
from shared.ports.knowledge import KnowledgeStore
from tests.contracts.conftest import REAL
from tests.fakes.stores import FakeAgentStore


class Stores(NamedTuple):
    """Both, over the same agents."""

    catalogue: CatalogueStore
    knowledge: KnowledgeStore


Knowledge = Sequence[tuple[Passage, Sequence[float]]]
MakeStore = Callable[[Sequence[AgentProfile], Sequence[RoutingRule], Knowledge], Awaitable[Stores]]

BILLING = AgentProfile(
    id="billing",
    name="Asha",
    description="Bills and payments",
    instructions="You help with bills.",
    greeting="Hello",
    greeting_interruptible=False,
    language="hi-IN",
    voice="asha",
    answer_threshold=0.45,
    version=7,
)
RECEPTION = replace(BILLING, id="reception", version=1)
DISABLED = replace(BILLING, id="aaa", is_enabled=False)


@pytest.fixture(params=["fake", REAL])
def make_store(request: pytest.FixtureRequest) -> MakeStore:
    async def fake(profiles: Sequence[AgentProfile], rules: Sequence[RoutingRule], knowledge: Knowledge) -> Stores:
        store = FakeAgentStore(profiles, rules, knowledge)
        return Stores(store, store)

    async def real(profiles: Sequence[AgentProfile], rules: Sequence[RoutingRule], knowledge: Knowledge) -> Stores:
        rows = {
            agents: [asdict(profile) for profile in profiles],
            routing_rules: [asdict(rule) for rule in rules],
            knowledge_passages: [
                {"agent_id": item.agent_id, "title": item.title, "text": item.text, "embedding": list(vector)}
                for item, vector in knowledge
            ],
        }

        def write(connection: Connection) -> None:
            for table, values in rows.items():
                if values:
                    connection.execute(insert(table), values)

        await database.run(write)
        return Stores(PostgresCatalogueStore(database, compile_expression), PostgresKnowledgeStore(database))

    if request.param == "fake":
        return fake
    database = request.getfixturevalue("database")
    return real


def rule(name: str, agent: str = "billing", **given: object) -> RoutingRule:
    return RoutingRule(**{"id": name, "kind": RuleKind.KEYWORD, "pattern": "refund", "agent_id": agent, **given})  # type: ignore[arg-type]


def passage(agent: str, title: str) -> Passage:
    return Passage(agent_id=agent, title=title, text=f"Text of {title}.", score=0)


@pytest.mark.requirement("3.3")
async def test_enabled_agents_are_read_as_they_were_kept(make_store: MakeStore) -> None:
    store = await make_store([RECEPTION, DISABLED, BILLING], [], [])

    assert (await store.catalogue.current()).agents == (BILLING, RECEPTION)


@pytest.mark.requirement("3.3")
async def test_rules_come_in_the_order_in_which_they_are_tried(make_store: MakeStore) -> None:
    low, high = rule("low"), rule("high", priority=5)
    longer = rule("zzz", pattern="refund please", kind=RuleKind.PHRASE)
    same = rule("later")
    store = await make_store([BILLING], [same, low, longer, high], [])

    assert tuple((await store.catalogue.current()).rules) == (high, longer, same, low)


async def test_rules_that_lead_nowhere_are_left_out(make_store: MakeStore) -> None:
    kept = rule("kept")
    rules = [kept, rule("off", is_enabled=False), rule("to-disabled", DISABLED.id), rule("to-nobody", "gone")]
    store = await make_store([BILLING, DISABLED], rules, [])

    assert tuple((await store.catalogue.current()).rules) == (kept,)


async def test_the_nearest_passages_come_first(make_store: MakeStore) -> None:
    knowledge = [
        (passage("billing", "Refunds"), (0.6, 0.8)),
        (passage("reception", "Hours"), (1.0, 0.0)),
        (passage("billing", "Parking"), (0.0, 1.0)),
    ]
    store = await make_store([BILLING, RECEPTION], [], knowledge)

    found = await store.knowledge.search("", (1.0, 0.0), limit=2)

    assert [(item.title, item.text) for item in found] == [
        ("Hours", "Text of Hours."),
        ("Refunds", "Text of Refunds."),
    ]
    assert [item.score for item in found] == pytest.approx([1.0, 0.6], abs=1e-6)


async def test_passages_of_disabled_agents_and_other_embedders_are_passed_over(make_store: MakeStore) -> None:
    knowledge = [
        (passage(DISABLED.id, "Secret"), (1.0, 0.0)),
        (passage("billing", "Other"), (1.0, 0.0, 0.0)),
        (passage("billing", "Refunds"), (0.6, 0.8)),
    ]
    store = await make_store([BILLING, DISABLED], [], knowledge)

    found = await store.knowledge.search("", (1.0, 0.0), limit=5)

    assert [item.title for item in found] == ["Refunds"]


KNOWN = (
    (Passage(agent_id="billing", title="Fees", text="A consultation costs 600 rupees at the clinic.", score=0), ()),
    (Passage(agent_id="billing", title="Refunds", text="Refunds of the clinic take five days.", score=0), ()),
    (Passage(agent_id="reception", title="खुलने का समय", text="क्लिनिक सुबह 8 बजे खुलता है।", score=0), ()),
    (Passage(agent_id="reception", title="फ़ीस", text="परामर्श की फ़ीस 600 रुपये है।", score=0), ()),
    (Passage(agent_id="reception", title="நேரம்", text="மருத்துவமனை காலை 8 மணிக்கு திறக்கும்.", score=0), ()),
    (
        Passage(
            agent_id="reception",
            title="Timings",
            text="Clinic subah 8 baje khulta hai. Clinic Sunday ko band.",
            score=0,
        ),
        (),
    ),
    (Passage(agent_id="reception", title="Parking", text="The clinic has free parking.", score=0), ()),
)


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How much does a consultation cost?", "Fees"),
        ("Are there any refunds?", "Refunds"),
        ("क्लिनिक कब खुलेगा?", "खुलने का समय"),
        ("फीस कितनी है", "फ़ीस"),
        ("மருத்துவமனை எப்போது திறக்கும்?", "நேரம்"),
        ("clinic kitne baje khulti hai?", "Timings"),
    ],
)
async def test_words_alone_find_what_answers_in_any_script(make_store: MakeStore, question: str, title: str) -> None:
    store = await make_store([BILLING, RECEPTION], [], KNOWN)

    best = (await store.knowledge.search(question, None, limit=4))[0]

    assert best.title == title
    assert best.score >= BILLING.answer_threshold


@pytest.mark.parametrize("question", ["Does the clinic sell bicycles?", "clinic", "Where is it?", "", "'; ' & | !:*"])
async def test_a_common_word_alone_answers_nothing(make_store: MakeStore, question: str) -> None:
    store = await make_store([BILLING, RECEPTION], [], KNOWN)

    found = await store.knowledge.search(question, None, limit=4)

    assert all(passage.score < MEANING_THRESHOLD for passage in found)


async def test_words_find_what_another_embedder_measured(make_store: MakeStore) -> None:
    knowledge = [(passage("billing", "Refunds"), (1.0, 0.0, 0.0)), (passage("billing", "Parking"), (0.2, 0.1))]
    store = await make_store([BILLING], [], knowledge)

    found = await store.knowledge.search("refunds", (1.0, 0.0), limit=5)

    assert [item.title for item in found] == ["Refunds", "Parking"]


async def test_one_agents_knowledge_is_searched_alone_even_when_disabled(make_store: MakeStore) -> None:
    knowledge = [(passage("billing", "Refunds"), (1.0, 0.0)), (passage(DISABLED.id, "Refunds"), (0.6, 0.8))]
    store = await make_store([BILLING, DISABLED], [], knowledge)

    found = await store.knowledge.search("refunds", (1.0, 0.0), limit=5, agent_id=DISABLED.id)

    assert [item.agent_id for item in found] == [DISABLED.id]


async def test_what_is_said_twice_is_found_once(make_store: MakeStore) -> None:
    said = passage("billing", "Refunds")
    knowledge = [(said, (1.0, 0.0)), (replace(said, title="Money back"), (0.6, 0.8))]
    store = await make_store([BILLING], [], knowledge)

    found = await store.knowledge.search("", (1.0, 0.0), limit=5)

    assert [item.title for item in found] == ["Refunds"]
