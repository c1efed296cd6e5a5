"""What every CatalogueStore and every KnowledgeStore promises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from typing import NamedTuple

import pytest
from sqlalchemy import Connection, insert

from shared.adapters.postgres.catalogue import PostgresCatalogueStore
from shared.adapters.postgres.knowledge import PostgresKnowledgeStore
from shared.adapters.postgres.schema import agents, knowledge_passages, routing_rules
from shared.domain.agent import AgentProfile, Passage, RoutingRule, RuleKind
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
        return Stores(PostgresCatalogueStore(database), PostgresKnowledgeStore(database))

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

    assert (await store.catalogue.current()).rules == (high, longer, same, low)


async def test_rules_that_lead_nowhere_are_left_out(make_store: MakeStore) -> None:
    kept = rule("kept")
    rules = [kept, rule("off", is_enabled=False), rule("to-disabled", DISABLED.id), rule("to-nobody", "gone")]
    store = await make_store([BILLING, DISABLED], rules, [])

    assert (await store.catalogue.current()).rules == (kept,)


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
