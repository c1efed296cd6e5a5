"""What every editor of agents and rules promises."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from shared.adapters.linear_expressions import compile_expression
from shared.adapters.postgres import agent_editing
from shared.adapters.postgres.agent_editing import PostgresAgentEditor, PostgresRuleEditor
from shared.adapters.postgres.catalogue import PostgresCatalogueStore
from shared.adapters.postgres.engine import Database
from shared.domain.agent import AgentProfile, RoutingRule, RuleKind
from shared.errors import InvalidContent, NotFound, VersionConflict
from shared.ports.agent_editing import AgentEditor, RuleEditor
from tests.contracts.conftest import REAL
from tests.fakes.agent_editors import FakeAgentEditor, FakeRuleEditor

RECEPTION = AgentProfile(
    id="reception",
    name="Reception",
    description="Greets.",
    instructions="Be brief.",
    greeting="Namaste.",
    greeting_interruptible=False,
    language="hi-IN",
    voice="asha",
    answer_threshold=0.5,
    scope="Opening hours.",
    is_enabled=False,
)
HELLO = RoutingRule(id="hello", kind=RuleKind.KEYWORD, pattern="hello", agent_id="reception", priority=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Editors:
    """Both editors."""

    agents: AgentEditor
    rules: RuleEditor


@pytest.fixture(params=["fake", REAL])
def editors(request: pytest.FixtureRequest) -> Editors:
    if request.param == "fake":
        return Editors(agents=FakeAgentEditor(), rules=FakeRuleEditor())
    database: Database = request.getfixturevalue("database")
    return Editors(agents=PostgresAgentEditor(database), rules=PostgresRuleEditor(database))


async def test_an_agent_is_kept_as_given_and_begins_with_version_one(editors: Editors) -> None:
    added = await editors.agents.add_agent(replace(RECEPTION, version=9))

    assert added == RECEPTION
    assert await editors.agents.agent("reception") == RECEPTION
    assert await editors.agents.all_agents() == (RECEPTION,)


async def test_every_change_makes_the_version_grow(editors: Editors) -> None:
    await editors.agents.add_agent(RECEPTION)

    changed = await editors.agents.replace_agent(replace(RECEPTION, name="Front desk"), version=1)

    assert (changed.name, changed.version) == ("Front desk", 2)
    assert await editors.agents.agent("reception") == changed


async def test_of_two_changes_of_the_same_version_the_second_is_refused(editors: Editors) -> None:
    await editors.agents.add_agent(RECEPTION)
    await editors.agents.replace_agent(replace(RECEPTION, name="First"), version=1)

    with pytest.raises(VersionConflict):
        await editors.agents.replace_agent(replace(RECEPTION, name="Second"), version=1)
    with pytest.raises(VersionConflict):
        await editors.agents.remove_agent("reception", version=1)

    assert (await editors.agents.agent("reception")).name == "First"


async def test_an_id_is_taken_once(editors: Editors) -> None:
    await editors.agents.add_agent(RECEPTION)

    with pytest.raises(VersionConflict):
        await editors.agents.add_agent(replace(RECEPTION, name="Another"))


async def test_what_is_not_there_can_be_neither_read_nor_changed(editors: Editors) -> None:
    with pytest.raises(NotFound):
        await editors.agents.agent("missing")
    with pytest.raises(NotFound):
        await editors.agents.replace_agent(replace(RECEPTION, id="missing"), version=1)
    with pytest.raises(NotFound):
        await editors.agents.remove_agent("missing", version=1)
    with pytest.raises(NotFound):
        await editors.rules.rule("missing")
    with pytest.raises(NotFound):
        await editors.rules.remove_rule("missing", version=1)


async def test_a_removed_agent_is_gone(editors: Editors) -> None:
    await editors.agents.add_agent(RECEPTION)

    await editors.agents.remove_agent("reception", version=1)

    assert await editors.agents.all_agents() == ()


async def test_rules_come_in_the_order_in_which_they_are_tried(editors: Editors) -> None:
    long = replace(HELLO, id="a-long", pattern="hello there")
    high = replace(HELLO, id="z-high", priority=9)
    for rule in (HELLO, high, long, replace(HELLO, id="also-short")):
        await editors.rules.add_rule(rule)

    assert [rule.id for rule in await editors.rules.all_rules()] == ["z-high", "a-long", "also-short", "hello"]


async def test_rules_have_versions_too(editors: Editors) -> None:
    await editors.rules.add_rule(HELLO)
    changed = await editors.rules.replace_rule(replace(HELLO, is_enabled=False), version=1)

    with pytest.raises(VersionConflict):
        await editors.rules.replace_rule(HELLO, version=1)

    assert changed == replace(HELLO, is_enabled=False, version=2)
    assert await editors.rules.rule("hello") == changed


@pytest.mark.integration
async def test_an_edited_agent_is_what_the_next_message_meets(database: Database) -> None:
    editor = PostgresAgentEditor(database)
    await editor.add_agent(replace(RECEPTION, is_enabled=True))

    await editor.replace_agent(replace(RECEPTION, is_enabled=True, greeting="Good day."), version=1)

    (profile,) = (await PostgresCatalogueStore(database, compile_expression).current()).agents
    assert (profile.greeting, profile.version) == ("Good day.", 2)


@pytest.mark.integration
async def test_however_many_add_rules_at_the_same_time_there_are_never_too_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_editing, "MOST_RULES", 3)
    editor = PostgresRuleEditor(database)

    added = await asyncio.gather(
        *(editor.add_rule(replace(HELLO, id=f"rule-{number}")) for number in range(8)), return_exceptions=True
    )

    assert sum(isinstance(each, RoutingRule) for each in added) == 3
    assert sum(isinstance(each, InvalidContent) for each in added) == 5
    assert len(await editor.all_rules()) == 3


@pytest.mark.integration
async def test_agents_are_not_hidden_but_refused_when_there_are_too_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_editing, "MOST_AGENTS", 1)
    editor = PostgresAgentEditor(database)
    await editor.add_agent(RECEPTION)

    with pytest.raises(InvalidContent, match="There are 1 already"):
        await editor.add_agent(replace(RECEPTION, id="another"))

    assert await editor.all_agents() == (RECEPTION,)
