"""The demo clinic hangs together: rules, agents and knowledge fit each other."""

from __future__ import annotations

from collections import Counter

import pytest

from local.demo_business import AGENTS, KNOWLEDGE, ROUTING_RULES
from shared.domain.agent import HUMAN
from shared.domain.routing import choose_agent
from tests.samples import a_message


def test_every_rule_and_passage_belongs_to_an_agent() -> None:
    ids = {agent.id for agent in AGENTS}

    assert HUMAN not in ids
    assert {rule.agent_id for rule in ROUTING_RULES} <= ids
    assert {passage.agent_id for passage in KNOWLEDGE} == ids


def test_every_agent_knows_a_dozen_things_under_titles_of_their_own() -> None:
    known = Counter(passage.agent_id for passage in KNOWLEDGE)

    assert min(known.values()) >= 12
    assert len({(passage.agent_id, passage.title) for passage in KNOWLEDGE}) == len(KNOWLEDGE)


@pytest.mark.requirement("3.1")
@pytest.mark.parametrize(
    ("text", "agent"),
    [
        ("I want a refund!", "billing"),
        ("Mujhe paisa wapas chahiye", "billing"),
        ("मुझे रिफंड चाहिए", "billing"),
        ("Please reschedule, I am ill", "appointments"),
        ("Can I book for Tuesday?", "appointments"),
        ("अपॉइंटमेंट चाहिए", "appointments"),
        ("Hello", "reception"),
    ],
)
def test_words_lead_to_the_right_desk(text: str, agent: str) -> None:
    decision = choose_agent(a_message(text=text), AGENTS, ROUTING_RULES, None, ())

    assert decision is not None
    assert decision.agent_id == agent
