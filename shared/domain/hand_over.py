"""To whom an agent may pass a user on, and what is noted about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from shared.domain.agent import HUMAN, AgentProfile, RouteReason, RoutingDecision
from shared.domain.prompt import Colleague, HandOver

HAND_OVERS_PER_TURN = 3
_PERSON = Colleague(id=HUMAN, description="a person of the team, for whatever the agents cannot settle")


def colleagues_of(served: Collection[str], agents: Iterable[AgentProfile]) -> tuple[Colleague, ...]:
    """Whom the agent may hand over to: nobody who had the question already, no AI agent after too many changes.

    `served` are the agents who had it, the one who has it now among them.
    """
    if len(served) > HAND_OVERS_PER_TURN:
        return (_PERSON,)
    return (*(Colleague(id=a.id, description=a.description) for a in agents if a.id not in served), _PERSON)


def to_a_colleague(hand_over: HandOver, colleagues: Iterable[Colleague]) -> HandOver:
    """The hand-over; to a person if it names nobody who was offered, so that no agent gets a question twice."""
    if any(colleague.id == hand_over.target for colleague in colleagues):
        return hand_over
    return replace(hand_over, target=HUMAN)


def route_of(hand_over: HandOver, giver: AgentProfile) -> RoutingDecision:
    """The route that a message took by a hand-over."""
    # Kept with the reply: after a crash it is all that tells why a person is wanted.
    detail = f"from {giver.id}: {hand_over.reason}. {hand_over.summary}".rstrip(".: ")
    return RoutingDecision(agent_id=hand_over.target, reason=RouteReason.HANDED_OVER, detail=detail)
