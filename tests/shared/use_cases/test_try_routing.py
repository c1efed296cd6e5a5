from __future__ import annotations

from collections.abc import Sequence

import pytest

from shared import errors
from shared.domain.agent import AgentProfile, Passage, RouteReason, RoutingRule, RuleKind
from shared.use_cases.try_routing import TryRouting
from tests.fakes.clock import FrozenClock
from tests.fakes.stores import FakeAgentStore


def agent(agent_id: str) -> AgentProfile:
    return AgentProfile(id=agent_id, name=agent_id, description="", instructions="", greeting="")


RULES = (
    RoutingRule(id="bill", kind=RuleKind.KEYWORD, pattern="invoice", agent_id="billing", priority=5),
    RoutingRule(id="pay", kind=RuleKind.BUTTON, pattern="PAY", agent_id="billing"),
    RoutingRule(id="else", kind=RuleKind.DEFAULT, pattern="", agent_id="reception"),
)
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
def try_routing(embedder: Embedder, clock: FrozenClock) -> TryRouting:
    agents = [agent(name) for name in ("appointments", "billing", "reception")]
    store = FakeAgentStore(agents, RULES, [(DOCTOR, (1.0, 0.0))])
    return TryRouting(store, store, embedder, clock)


@pytest.mark.parametrize(
    ("text", "circumstances", "agent_id", "reason"),
    [
        ("My invoice is wrong", {}, "billing", RouteReason.RULE),
        ("Pay", {"payload": "pay"}, "billing", RouteReason.RULE),
        ("Thanks", {"active_agent_id": "appointments"}, "appointments", RouteReason.STICKY),
        ("Thanks", {"active_agent_id": "gone"}, "reception", RouteReason.DEFAULT),
        ("Which doctor is in?", {}, "appointments", RouteReason.MEANING),
        ("Hello", {}, "reception", RouteReason.DEFAULT),
    ],
)
async def test_a_message_would_reach_the_agent_that_real_ones_reach(
    try_routing: TryRouting, text: str, circumstances: dict[str, str], agent_id: str, reason: RouteReason
) -> None:
    decision = await try_routing(
        text,
        channel="whatsapp",
        payload=circumstances.get("payload"),
        active_agent_id=circumstances.get("active_agent_id"),
    )

    assert (decision.agent_id, decision.reason) == (agent_id, reason)


async def test_without_a_model_the_rules_still_decide(try_routing: TryRouting, embedder: Embedder) -> None:
    embedder.is_down = True

    decision = await try_routing("Which doctor is in?", channel="whatsapp", payload=None, active_agent_id=None)

    assert decision.reason is RouteReason.DEFAULT


async def test_without_agents_nobody_is_found(clock: FrozenClock) -> None:
    empty = FakeAgentStore()

    with pytest.raises(errors.NotFound):
        await TryRouting(empty, empty, None, clock)("Hello", channel="voice", payload=None, active_agent_id=None)
