"""The catalogue in memory and in the database: changes count with the next look, in every process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from typing import Any

import pytest
from pg8000 import core
from sqlalchemy import insert

from shared.adapters.linear_expressions import compile_expression
from shared.adapters.postgres.agent_editing import PostgresAgentEditor, PostgresRuleEditor
from shared.adapters.postgres.catalogue import PostgresCatalogueStore
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import routing_rules
from shared.domain.agent import ActiveAgent, AgentProfile, RouteReason, RoutingRule, RuleKind
from shared.domain.conversation import Conversation
from shared.domain.routing.rule_book import RuleBook
from shared.use_cases.choose_route import ChooseRoute, Route
from tests.fakes.clock import FrozenClock
from tests.fakes.stores import FakeActiveAgentStore, FakeAgentStore
from tests.samples import NOON, a_message

pytestmark = pytest.mark.integration

BILLING = AgentProfile(id="billing", name="Meera", description="Bills", instructions="Help.", greeting="Hello")
RECEPTION = replace(BILLING, id="reception", name="Asha")
REFUND = RoutingRule(id="refund", kind=RuleKind.KEYWORD, pattern="refund", agent_id="billing")
OTHERWISE = RoutingRule(id="otherwise", kind=RuleKind.DEFAULT, pattern="", agent_id="reception")


@pytest.fixture
async def elsewhere(database_url: str) -> AsyncIterator[Database]:
    """The same database, as another process sees it."""
    database = Database(database_url, pool_size=1)
    yield database
    await database.close()


@pytest.fixture
async def stores(database: Database, elsewhere: Database) -> tuple[PostgresCatalogueStore, PostgresCatalogueStore]:
    agents, rules = PostgresAgentEditor(database), PostgresRuleEditor(database)
    for agent in (BILLING, RECEPTION):
        await agents.add_agent(agent)
    for rule in (REFUND, OTHERWISE):
        await rules.add_rule(rule)
    return PostgresCatalogueStore(database, compile_expression), PostgresCatalogueStore(elsewhere, compile_expression)


async def routes(
    stores: tuple[PostgresCatalogueStore, PostgresCatalogueStore], active: FakeActiveAgentStore, text: str
) -> list[Route]:
    """Where a message goes in each process."""
    message = a_message(text=text)
    conversation = Conversation(id="c1", key=message.key)
    return [await ChooseRoute(store, FakeAgentStore(), active, None)(conversation, message) for store in stores]


def reached(found: list[Route]) -> list[tuple[str, RouteReason]]:
    return [(each.decision.agent_id, each.decision.reason) for each in found if each.decision is not None]


@pytest.mark.requirement("3.1")
@pytest.mark.requirement("3.3")
async def test_a_disabled_agent_answers_no_further_turn_in_any_process(
    stores: tuple[PostgresCatalogueStore, PostgresCatalogueStore], database: Database, clock: FrozenClock
) -> None:
    active = FakeActiveAgentStore(clock)
    served = ActiveAgent(agent_id="billing", agent_version=1, since=NOON)
    await active.save(a_message().key, served, read_version=0)
    before = [reached(await routes(stores, active, text)) for text in ("a refund", "thanks")]

    await PostgresAgentEditor(database).replace_agent(replace(BILLING, is_enabled=False), version=1)

    after = [reached(await routes(stores, active, text)) for text in ("a refund", "thanks")]
    assert before == [[("billing", RouteReason.RULE)] * 2, [("billing", RouteReason.STICKY)] * 2]
    assert after == [[("reception", RouteReason.DEFAULT)] * 2] * 2


@pytest.mark.requirement("3.3")
async def test_an_edited_agent_and_a_new_rule_count_with_the_next_turn_in_every_process(
    stores: tuple[PostgresCatalogueStore, PostgresCatalogueStore], database: Database, clock: FrozenClock
) -> None:
    active = FakeActiveAgentStore(clock)
    assert reached(await routes(stores, active, "order 77")) == [("reception", RouteReason.DEFAULT)] * 2

    await PostgresAgentEditor(database).replace_agent(replace(BILLING, instructions="Be kind."), version=1)
    await PostgresRuleEditor(database).add_rule(replace(REFUND, id="order", kind=RuleKind.REGEX, pattern=r"order \d+"))

    found = await routes(stores, active, "order 77")
    assert reached(found) == [("billing", RouteReason.RULE)] * 2
    agents = [each.catalogue.agent("billing") for each in found]
    assert [(agent.instructions, agent.version) for agent in agents if agent is not None] == [("Be kind.", 2)] * 2


async def test_while_nothing_changes_the_rules_are_prepared_once_and_a_look_is_one_trip(
    stores: tuple[PostgresCatalogueStore, PostgresCatalogueStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, store = stores
    first = await store.current()
    made: list[int] = []
    flush = core._flush

    def note(sock: Any) -> None:
        made.append(1)
        flush(sock)

    monkeypatch.setattr(core, "_flush", note)
    second = await store.current()

    assert second is first
    assert len(made) == 1


async def test_rules_that_this_release_cannot_read_are_passed_over_and_told_once(
    stores: tuple[PostgresCatalogueStore, PostgresCatalogueStore],
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = replace(REFUND, id="broken", kind=RuleKind.REGEX, pattern="(")
    later = asdict(replace(REFUND, id="later")) | {"kind": "horoscope"}
    await database.run(lambda connection: connection.execute(insert(routing_rules), [asdict(broken), later]))

    for _ in range(2):
        assert tuple((await stores[0].current()).rules) == (REFUND, OTHERWISE)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["rule_id"] for line in lines if line["message"] == "rule_unreadable"] == ["broken"]


@pytest.mark.requirement("3.1")
async def test_rules_of_every_kind_are_listed_in_the_order_in_which_they_are_tried(
    stores: tuple[PostgresCatalogueStore, PostgresCatalogueStore], database: Database
) -> None:
    editor = PostgresRuleEditor(database)
    patterns = {
        RuleKind.KEYWORD: "bill,reimbursement",
        RuleKind.REGEX: r"order \d+",
        RuleKind.BUTTON: "PAY",
        RuleKind.REFERRAL: "ad-7",
        RuleKind.LANGUAGE: "hi,ta",
        RuleKind.CHANNEL: "voice",
        RuleKind.BUSINESS_HOURS: "outside Mon-Fri 08:00-20:00 Asia/Kolkata",
    }
    for kind, pattern in patterns.items():
        await editor.add_rule(RoutingRule(id=f"by-{kind}", kind=kind, pattern=pattern, agent_id="human"))

    listed = await editor.all_rules()

    assert tuple((await stores[0].current()).rules) == listed
    assert tuple(RuleBook(reversed(listed), compile_expression)) == listed
    assert [rule.id for rule in listed] == [
        "by-referral",
        "by-button",
        "by-keyword",
        "by-regex",
        "refund",
        "by-business_hours",
        "by-channel",
        "by-language",
        "otherwise",
    ]
