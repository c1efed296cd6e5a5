"""The route of a message: what is asked, what is remembered, what is logged."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.agent import HUMAN, ActiveAgent, RouteReason, RuleKind
from shared.domain.conversation import Conversation, ConversationKey, Speaker, Turn
from shared.domain.routing.steps import FROM_HISTORY
from shared.domain.serving import SERVED_FOR
from shared.errors import StoreUnavailable
from shared.use_cases.choose_route import ChooseRoute, Route
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import House, a_rule, an_agent

KEY = ConversationKey(channel="whatsapp", user_id="919800000001")


@pytest.fixture
def house(clock: FrozenClock) -> House:
    clock.now = NOON
    return House(clock)


def answer_of(agent_id: str | None, at: datetime) -> Turn:
    return Turn(speaker=Speaker.AGENT, text="Certainly.", at=at, agent_id=agent_id)


async def route(house: House, *answers: Turn, text: str = "Thanks", **settings: Any) -> Route:
    """The route of a text after these answers, each to a question of the user."""
    choose = ChooseRoute(house.agents, house.agents, house.active, None, **settings)
    turns = [turn for answer in answers for turn in (Turn(speaker=Speaker.USER, text="?", at=answer.at), answer)]
    return await choose(Conversation(id="c1", key=KEY, turns=tuple(turns)), a_message(text=text))


def logged(output: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in output.splitlines()]
    return [line for line in lines if line.get("message") == "route_chosen"]


@pytest.mark.requirement("3.1")
@pytest.mark.parametrize("is_down", [False, True])
async def test_an_agent_whom_the_cache_lost_goes_on_by_what_the_conversation_remembers(
    house: House, *, is_down: bool
) -> None:
    if is_down:
        house.active = Down(StoreUnavailable("down"))

    found = await route(house, answer_of("appointments", NOON - SERVED_FOR))

    assert found.decision is not None
    assert (found.decision.agent_id, found.decision.reason) == ("appointments", RouteReason.STICKY)
    assert found.decision.detail == FROM_HISTORY
    assert found.active == ActiveAgent(agent_id="appointments", agent_version=0, since=NOON - SERVED_FOR)


async def test_an_agent_who_spoke_too_long_ago_is_not_remembered(house: House) -> None:
    found = await route(house, answer_of("appointments", NOON - SERVED_FOR - timedelta(seconds=1)))
    shorter = await route(
        house, answer_of("appointments", NOON - timedelta(minutes=2)), serves_for=timedelta(minutes=1)
    )

    assert found.decision is not None
    assert shorter.decision is not None
    assert (found.decision.reason, shorter.decision.reason) == (RouteReason.DEFAULT, RouteReason.DEFAULT)


async def test_the_agent_who_spoke_last_is_remembered_and_no_disabled_one(house: House) -> None:
    house.agents.agents = [an_agent("billing"), an_agent("reception"), an_agent("appointments", is_enabled=False)]

    latest = await route(house, answer_of("reception", NOON), answer_of("billing", NOON), answer_of(None, NOON))
    disabled = await route(house, answer_of("billing", NOON), answer_of("appointments", NOON))

    assert latest.decision is not None
    assert disabled.decision is not None
    assert latest.decision.agent_id == "billing"
    assert disabled.decision.reason is RouteReason.DEFAULT


async def test_who_greets_a_caller_does_not_serve_yet(house: House) -> None:
    choose = ChooseRoute(house.agents, house.agents, house.active, None)
    greeted = Conversation(id="c1", key=KEY, turns=(answer_of("billing", NOON),))

    found = await choose(greeted, a_message(text="Hello"))

    assert found.active is None
    assert found.decision is not None
    assert found.decision.reason is RouteReason.DEFAULT


async def test_what_the_cache_knows_goes_before_what_the_conversation_remembers(house: House) -> None:
    await house.active.save(KEY, ActiveAgent(agent_id="billing", agent_version=1, since=NOON), read_version=0)

    found = await route(house, answer_of("appointments", NOON))

    assert found.decision is not None
    assert (found.decision.agent_id, found.decision.detail) == ("billing", "")


@pytest.mark.requirement("3.1")
async def test_every_choice_is_logged_with_its_reason_and_without_any_words(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.agents.all_rules = [
        a_rule("complaint", HUMAN, id="to-a-person"),
        a_rule("", id="other", kind=RuleKind.DEFAULT),
    ]

    await route(house, text="my secret complaint")
    await route(house, text="my secret thought")
    await route(house, answer_of("appointments", NOON), text="my secret thanks")

    output = capsys.readouterr().out
    assert [(line["agent_id"], line["route_reason"], line.get("rule_id")) for line in logged(output)] == [
        (HUMAN, "rule", "to-a-person"),
        ("billing", "default", "other"),
        ("appointments", "sticky", None),
    ]
    assert [line["is_from_history"] for line in logged(output)] == [False, False, True]
    assert "secret" not in output


@pytest.mark.parametrize(("version", "is_edited"), [(1, False), (2, True)])
async def test_an_agent_who_was_edited_goes_on_as_its_new_version_and_that_is_logged(
    house: House, capsys: pytest.CaptureFixture[str], version: int, *, is_edited: bool
) -> None:
    house.agents.agents = [an_agent("billing", version=version, instructions="New.")]
    await house.active.save(KEY, ActiveAgent(agent_id="billing", agent_version=1, since=NOON), read_version=0)

    found = await route(house)

    agent = found.catalogue.agent("billing")
    assert agent is not None
    assert agent.instructions == "New."
    (line,) = logged(capsys.readouterr().out)
    assert line["is_edited_since"] is is_edited


async def test_a_caller_whom_a_rule_sends_to_a_person_is_greeted_all_the_same(house: House) -> None:
    house.agents.all_rules = [
        a_rule("whatsapp", HUMAN, kind=RuleKind.CHANNEL),
        a_rule("", "reception", id="otherwise", kind=RuleKind.DEFAULT),
    ]

    greeter = await house.orchestrator.greeter(Conversation(id="c1", key=KEY), a_message(text=""))

    assert greeter is not None
    assert greeter.id == "reception"
