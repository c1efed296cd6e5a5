"""Which agent a message reaches, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.linear_expressions import compile_expression
from shared.domain.agent import (
    HUMAN,
    ActiveAgent,
    AgentProfile,
    Passage,
    RouteReason,
    RoutingDecision,
    RoutingRule,
    RuleKind,
)
from shared.domain.catalogue import Catalogue
from shared.domain.message import InboundMessage
from shared.domain.routing.steps import (
    FROM_HISTORY,
    MEANING_THRESHOLD,
    Circumstances,
    StepOutcome,
    choose_agent,
    explain_route,
)
from tests.samples import a_message


def agent(agent_id: str, *, is_enabled: bool = True) -> AgentProfile:
    return AgentProfile(id=agent_id, name=agent_id, description="", instructions="", greeting="", is_enabled=is_enabled)


def rule(pattern: str, agent_id: str = "billing", kind: RuleKind = RuleKind.KEYWORD, **given_: object) -> RoutingRule:
    return RoutingRule(**{"id": f"{kind}:{pattern}", "kind": kind, "pattern": pattern, "agent_id": agent_id, **given_})  # type: ignore[arg-type]


def active(agent_id: str, version: int = 1) -> ActiveAgent:
    return ActiveAgent(agent_id=agent_id, agent_version=version, since=datetime(2026, 3, 2, tzinfo=UTC))


def passage(agent_id: str, score: float) -> Passage:
    return Passage(agent_id=agent_id, title="Fees", text="A visit costs 500 rupees.", score=score)


AGENTS = (agent("appointments"), agent("billing"), agent("reception"))


def circumstances(
    message: InboundMessage,
    agents: Iterable[AgentProfile] = AGENTS,
    rules: Iterable[RoutingRule] = (),
    active: ActiveAgent | None = None,
    passages: Sequence[Passage] = (),
    **state: Any,
) -> Circumstances:
    catalogue = Catalogue.of(1, agents, rules, compile_expression=compile_expression)
    return Circumstances(message=message, catalogue=catalogue, active=active, passages=tuple(passages), **state)


def choose(*given_: Any, **state: Any) -> RoutingDecision | None:
    return choose_agent(circumstances(*given_, **state))


@pytest.mark.requirement("3.1")
def test_a_matching_rule_goes_before_the_active_agent_and_before_meaning() -> None:
    decision = choose(
        a_message(text="my bill"), AGENTS, [rule("bill")], active("reception"), [passage("appointments", 0.9)]
    )

    assert decision is not None
    assert (decision.agent_id, decision.reason, decision.detail) == ("billing", RouteReason.RULE, "keyword:bill")


@pytest.mark.requirement("3.1")
def test_the_active_agent_goes_on_where_no_rule_matches_even_if_it_was_edited_since() -> None:
    decision = choose(
        a_message(text="and then?"), AGENTS, [rule("bill")], active("reception", version=7), [passage("billing", 0.9)]
    )

    assert decision is not None
    assert (decision.agent_id, decision.reason) == ("reception", RouteReason.STICKY)


@pytest.mark.requirement("3.1")
def test_meaning_decides_where_nobody_serves_yet() -> None:
    found = [passage("billing", MEANING_THRESHOLD), passage("appointments", MEANING_THRESHOLD - 0.01)]

    decision = choose(a_message(), AGENTS, [], None, found)

    assert decision is not None
    assert (decision.agent_id, decision.reason, decision.detail) == ("billing", RouteReason.MEANING, "Fees 0.35")


def test_what_is_not_near_enough_in_meaning_goes_to_the_default() -> None:
    rules = [rule("", "reception", RuleKind.DEFAULT)]

    decision = choose(a_message(), AGENTS, rules, None, [passage("billing", MEANING_THRESHOLD - 0.001)])

    assert decision is not None
    assert (decision.agent_id, decision.reason, decision.detail) == ("reception", RouteReason.DEFAULT, "default:")


def test_without_a_default_rule_the_first_agent_by_id_answers() -> None:
    decision = choose(a_message(), reversed(AGENTS), [], None, [])

    assert decision is not None
    assert (decision.agent_id, decision.reason, decision.detail) == ("appointments", RouteReason.DEFAULT, "")


def test_without_any_agent_nobody_answers() -> None:
    assert choose(a_message(), [], [rule("bill")], active("billing"), [passage("billing", 1)]) is None


def test_a_disabled_agent_gets_nothing_by_rule_by_habit_or_by_meaning() -> None:
    agents = [agent("billing", is_enabled=False), agent("reception")]
    rules = [rule("bill"), rule("", "billing", RuleKind.DEFAULT)]

    decision = choose(a_message(text="bill"), agents, rules, active("billing"), [passage("billing", 1)])

    assert decision is not None
    assert decision.agent_id == "reception"


def test_a_disabled_rule_is_passed_over() -> None:
    rules = [rule("bill", is_enabled=False)]

    decision = choose(a_message(text="bill"), AGENTS, rules, active("reception"), [])

    assert decision is not None
    assert decision.agent_id == "reception"


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        (rule("bill", "billing", priority=2), rule("my bill please", "reception", priority=1)),
        (rule("my bill", "billing", RuleKind.PHRASE), rule("bill", "reception")),
        (rule("bill", "billing", id="a"), rule("bill", "reception", id="b")),
    ],
    ids=["priority", "longer pattern", "id"],
)
@pytest.mark.parametrize("is_swapped", [False, True])
def test_of_several_rules_that_match_the_stronger_wins(
    stronger: RoutingRule, weaker: RoutingRule, *, is_swapped: bool
) -> None:
    rules = [weaker, stronger] if is_swapped else [stronger, weaker]

    decision = choose(a_message(text="my bill please"), AGENTS, rules, None, [])

    assert decision is not None
    assert decision.agent_id == "billing"


def outcomes(given_: Circumstances) -> dict[str, str]:
    return {step.step.value: step.outcome.value for step in explain_route(given_)}


@pytest.mark.requirement("3.1")
def test_every_step_is_told_in_its_order() -> None:
    given_ = circumstances(a_message(text="my bill"), rules=[rule("bill")], active=active("reception"))

    steps = explain_route(given_)

    assert [(step.step, step.outcome) for step in steps] == [
        (RouteReason.OPTED_OUT, StepOutcome.PASSED),
        (RouteReason.HUMAN, StepOutcome.PASSED),
        (RouteReason.RULE, StepOutcome.DECIDED),
        (RouteReason.STICKY, StepOutcome.NOT_ASKED),
        (RouteReason.MEANING, StepOutcome.NOT_ASKED),
        (RouteReason.DEFAULT, StepOutcome.NOT_ASKED),
    ]
    assert steps[2].why == "rule keyword:bill (keyword) matched 'bill'"
    assert steps[3].why == "decided before, by rule"


@pytest.mark.parametrize(
    ("state", "reason", "agent_id"),
    [
        ({"has_opted_out": True, "is_with_person": True}, RouteReason.OPTED_OUT, ""),
        ({"is_with_person": True}, RouteReason.HUMAN, HUMAN),
    ],
)
def test_opt_out_and_takeover_go_before_every_rule(state: dict[str, Any], reason: RouteReason, agent_id: str) -> None:
    decision = choose_agent(circumstances(a_message(text="bill"), rules=[rule("bill")], **state))

    assert decision is not None
    assert (decision.agent_id, decision.reason) == (agent_id, reason)


@pytest.mark.parametrize(
    ("kind", "reason"), [(RuleKind.KEYWORD, RouteReason.RULE), (RuleKind.DEFAULT, RouteReason.DEFAULT)]
)
def test_a_rule_may_lead_to_a_person(kind: RuleKind, reason: RouteReason) -> None:
    decision = choose_agent(circumstances(a_message(text="complaint"), rules=[rule("complaint", HUMAN, kind)]))

    assert decision is not None
    assert (decision.agent_id, decision.reason) == (HUMAN, reason)


def test_an_agent_whom_only_the_conversation_remembers_goes_on_and_that_is_told() -> None:
    decision = choose_agent(circumstances(a_message(), active=active("billing"), is_from_history=True))

    assert decision is not None
    assert (decision.agent_id, decision.reason, decision.detail) == ("billing", RouteReason.STICKY, FROM_HISTORY)


def test_that_the_serving_agent_was_edited_is_told() -> None:
    (sticky,) = (
        step
        for step in explain_route(circumstances(a_message(), active=active("billing", version=3)))
        if step.step is RouteReason.STICKY
    )

    assert sticky.why == "billing serves the user, edited since"


def test_how_near_in_meaning_is_near_enough_can_be_set() -> None:
    found = [passage("billing", 0.5)]

    assert outcomes(circumstances(a_message(), passages=found, threshold=0.6))["meaning"] == "passed"
    assert outcomes(circumstances(a_message(), passages=found, threshold=0.5))["meaning"] == "decided"


_rules = st.lists(
    st.builds(
        RoutingRule,
        id=st.text("abcdef", min_size=1, max_size=2),
        kind=st.sampled_from(RuleKind),
        pattern=st.sampled_from(["bill", "my bill", "hello,bill", "whatsapp", "", "बिल", "hi", "b.ll"]),
        agent_id=st.sampled_from(["appointments", "billing", "reception", "gone", HUMAN]),
        priority=st.integers(-1, 2),
        is_enabled=st.booleans(),
    ),
    unique_by=lambda each: each.id,
    max_size=7,
)
_served = st.sampled_from([None, active("billing"), active("gone")])


@pytest.mark.requirement("3.1")
@given(data=st.data(), rules=_rules, text=st.sampled_from(["my bill", "hello", "बिल", ""]), served=_served)
def test_the_order_in_which_rules_agents_and_knowledge_come_does_not_matter(
    data: st.DataObject, rules: list[RoutingRule], text: str, served: ActiveAgent | None
) -> None:
    message = a_message(text=text)
    found = [passage("billing", 0.5), passage("reception", 0.4), passage("gone", 0.9)]
    shuffled = circumstances(
        message,
        data.draw(st.permutations(AGENTS)),
        data.draw(st.permutations(rules)),
        served,
        data.draw(st.permutations(found)),
    )
    ordered = circumstances(message, AGENTS, rules, served, found)

    assert choose_agent(shuffled) == choose_agent(ordered)
    assert explain_route(shuffled) == explain_route(ordered)


@given(
    rules=_rules,
    text=st.sampled_from(["my bill", "hello", ""]),
    served=_served,
    out=st.booleans(),
    taken=st.booleans(),
)
def test_exactly_one_step_decides_and_it_is_the_one_that_the_decision_names(
    rules: list[RoutingRule], text: str, served: ActiveAgent | None, *, out: bool, taken: bool
) -> None:
    given_ = circumstances(a_message(text=text), AGENTS, rules, served, has_opted_out=out, is_with_person=taken)

    decision = choose_agent(given_)

    decided = [step.step for step in explain_route(given_) if step.outcome is StepOutcome.DECIDED]
    assert decision is not None
    assert decided == [decision.reason]
