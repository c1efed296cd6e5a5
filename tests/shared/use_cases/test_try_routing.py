"""Routing tried out: the steps of real messages, for a message that nobody sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared import errors
from shared.domain.agent import HUMAN, ActiveAgent, AgentProfile, Passage, RouteReason, RoutingRule, RuleKind
from shared.domain.conversation import ConversationKey, ConversationStatus
from shared.domain.routing.steps import RoutingStep, StepOutcome
from shared.use_cases.choose_route import ChooseRoute
from shared.use_cases.try_routing import Trial, TriedRoute, TryRouting
from tests.fakes.clock import FrozenClock
from tests.fakes.consent import FakeConsentStore
from tests.fakes.history_store import FakeHistoryStore
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.stores import FakeActiveAgentStore, FakeAgentStore
from tests.samples import NOON, a_message


def agent(agent_id: str) -> AgentProfile:
    return AgentProfile(id=agent_id, name=agent_id, description="", instructions="", greeting="")


RULES = (
    RoutingRule(id="bill", kind=RuleKind.KEYWORD, pattern="invoice", agent_id="billing", priority=5),
    RoutingRule(id="pay", kind=RuleKind.BUTTON, pattern="PAY", agent_id="billing"),
    RoutingRule(id="ad", kind=RuleKind.REFERRAL, pattern="AD-7", agent_id="appointments"),
    RoutingRule(id="tamil", kind=RuleKind.LANGUAGE, pattern="ta", agent_id="billing"),
    RoutingRule(id="sunday", kind=RuleKind.BUSINESS_HOURS, pattern="Sun 00:00-24:00 UTC", agent_id=HUMAN),
    RoutingRule(id="else", kind=RuleKind.DEFAULT, pattern="", agent_id="reception"),
)
SUNDAY = datetime(2026, 3, 1, 9, tzinfo=UTC)
DOCTOR = Passage(agent_id="appointments", title="Doctors", text="Dr. Rao is in on Mondays.", score=0)


class Embedder:
    """Knows one direction of meaning."""

    is_down = False

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `Embedder.embed`."""
        if self.is_down:
            raise errors.ModelUnavailable("The model gave no answer.")
        return [(1.0, 0.0) if "doctor" in text else (0.0, 1.0) for text in texts]


@pytest.fixture
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture
def rows(clock: FrozenClock) -> MemoryRows:
    return MemoryRows(clock)


@pytest.fixture
def active(clock: FrozenClock) -> FakeActiveAgentStore:
    return FakeActiveAgentStore(clock)


@pytest.fixture
def try_routing(embedder: Embedder, rows: MemoryRows, active: FakeActiveAgentStore, clock: FrozenClock) -> TryRouting:
    agents = [agent(name) for name in ("appointments", "billing", "reception")]
    store = FakeAgentStore(agents, RULES, [(DOCTOR, (1.0, 0.0))])
    choose_route = ChooseRoute(store, store, active, embedder)
    return TryRouting(choose_route, FakeConsentStore(rows), FakeHistoryStore(rows), clock)


def trial(text: str, **given: Any) -> Trial:
    return Trial(**{"text": text, "channel": "whatsapp", **given})


def decided(tried: TriedRoute) -> RoutingStep:
    (step,) = (step for step in tried.steps if step.outcome is StepOutcome.DECIDED)
    return step


@pytest.mark.parametrize(
    ("tried", "agent_id", "reason"),
    [
        (trial("My invoice is wrong"), "billing", RouteReason.RULE),
        (trial("Pay", payload="pay"), "billing", RouteReason.RULE),
        (trial("Hello", referral="ad-7"), "appointments", RouteReason.RULE),
        (trial("Hello", language="ta-IN"), "billing", RouteReason.RULE),
        (trial("வணக்கம்"), "billing", RouteReason.RULE),
        (trial("Hello", at=SUNDAY), HUMAN, RouteReason.RULE),
        (trial("Thanks", active_agent_id="appointments"), "appointments", RouteReason.STICKY),
        (trial("Thanks", active_agent_id="gone"), "reception", RouteReason.DEFAULT),
        (trial("Which doctor is in?"), "appointments", RouteReason.MEANING),
        (trial("Hello"), "reception", RouteReason.DEFAULT),
    ],
)
async def test_a_message_would_reach_the_agent_that_real_ones_reach(
    try_routing: TryRouting, tried: Trial, agent_id: str, reason: RouteReason
) -> None:
    found = await try_routing(tried)

    assert (found.decision.agent_id, found.decision.reason) == (agent_id, reason)
    assert decided(found).step is reason
    assert [step.step for step in found.steps] == [each for each in RouteReason if each is not RouteReason.HANDED_OVER]


async def test_what_is_kept_of_a_user_counts_for_that_user_alone(
    try_routing: TryRouting, active: FakeActiveAgentStore
) -> None:
    served = ActiveAgent(agent_id="appointments", agent_version=1, since=NOON)
    await active.save(ConversationKey(channel="whatsapp", user_id="asha"), served, read_version=0)

    hers = await try_routing(trial("Thanks", user_id="asha"))
    another = await try_routing(trial("Thanks", user_id="ravi"))

    assert (hers.decision.agent_id, hers.decision.reason) == ("appointments", RouteReason.STICKY)
    assert another.decision.reason is RouteReason.DEFAULT


async def test_who_opted_out_reaches_nobody(try_routing: TryRouting, rows: MemoryRows) -> None:
    rows.opted_out.add(ConversationKey(channel="whatsapp", user_id="asha"))

    found = await try_routing(trial("My invoice", user_id="asha"))

    assert (found.decision.agent_id, found.decision.reason) == ("", RouteReason.OPTED_OUT)
    assert {step.outcome for step in found.steps[1:]} == {StepOutcome.NOT_ASKED}


async def test_whose_conversation_a_person_has_reaches_the_person(try_routing: TryRouting, rows: MemoryRows) -> None:
    history = FakeHistoryStore(rows)
    claim = await history.claim(a_message(user_id="asha"), lease_seconds=30)
    assert claim is not None
    await history.set_status(claim.conversation_id, ConversationStatus.HUMAN, note="Taken over.")

    found = await try_routing(trial("My invoice", user_id="asha"))

    assert (found.decision.agent_id, found.decision.reason) == (HUMAN, RouteReason.HUMAN)


async def test_trying_changes_nothing(try_routing: TryRouting, rows: MemoryRows) -> None:
    await try_routing(trial("My invoice", user_id="asha"))

    assert (rows.messages, rows.opted_out) == ([], set())


async def test_without_a_model_the_rules_still_decide(try_routing: TryRouting, embedder: Embedder) -> None:
    embedder.is_down = True

    invoice = await try_routing(trial("My invoice"))
    greeting = await try_routing(trial("Hello"))

    assert (invoice.decision.reason, greeting.decision.reason) == (RouteReason.RULE, RouteReason.DEFAULT)


async def test_without_agents_nobody_is_found(
    rows: MemoryRows, active: FakeActiveAgentStore, clock: FrozenClock
) -> None:
    empty = FakeAgentStore()
    nowhere = TryRouting(ChooseRoute(empty, empty, active, None), FakeConsentStore(rows), FakeHistoryStore(rows), clock)

    with pytest.raises(errors.NotFound):
        await nowhere(trial("Hello", channel="voice"))
