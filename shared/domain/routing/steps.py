"""Which agent a message is for: one order of steps, the same for every message and wherever it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.agent import HUMAN, ActiveAgent, Passage, RouteReason, RoutingDecision
from shared.domain.catalogue import Catalogue
from shared.domain.message import InboundMessage

MEANING_THRESHOLD = 0.35
"""Similarity from which a passage is usually about the question; below it, nobody is an expert."""

FROM_HISTORY = "from history"
"""Detail of a sticky route whose agent only the conversation itself remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """All that counts for the route of a message.

    Attributes:
        active: who served the user until now.
        is_from_history: that is known from the conversation alone.
        passages: knowledge that is near to the message in meaning.
        threshold: how near is near enough.
        is_with_person: a person has the conversation.
    """

    message: InboundMessage
    catalogue: Catalogue
    active: ActiveAgent | None = None
    is_from_history: bool = False
    passages: tuple[Passage, ...] = ()
    threshold: float = MEANING_THRESHOLD
    has_opted_out: bool = False
    is_with_person: bool = False


class StepOutcome(StrEnum):
    """DECIDED: the message goes where this step says. PASSED: it says nothing. NOT_ASKED: one before it decided."""

    DECIDED = "decided"
    PASSED = "passed"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingStep:
    """What came of one step, and why, for people to read."""

    step: RouteReason
    outcome: StepOutcome
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    """What a step has to say: its decision, or why it has none."""

    why: str
    decision: RoutingDecision | None = None


def choose_agent(circumstances: Circumstances) -> RoutingDecision | None:
    """Where the message goes, by the first step that decides; None when there is no agent.

    A disabled or missing agent gets nothing by any step.
    """
    findings = (ask(circumstances) for _, ask in _STEPS)
    return next((finding.decision for finding in findings if finding.decision is not None), None)


def explain_route(circumstances: Circumstances) -> tuple[RoutingStep, ...]:
    """Every step in its order, and what came of it."""
    steps: list[RoutingStep] = []
    decided: RouteReason | None = None
    for name, ask in _STEPS:
        if decided is not None:
            steps.append(RoutingStep(step=name, outcome=StepOutcome.NOT_ASKED, why=f"decided before, by {decided}"))
            continue
        finding = ask(circumstances)
        decided = None if finding.decision is None else name
        outcome = StepOutcome.PASSED if decided is None else StepOutcome.DECIDED
        steps.append(RoutingStep(step=name, outcome=outcome, why=finding.why))
    return tuple(steps)


def was_edited_since(active: ActiveAgent | None, catalogue: Catalogue) -> bool:
    """Whether the agent who serves is another version by now; the new one answers."""
    agent = None if active is None else catalogue.agent(active.agent_id)
    return agent is not None and active is not None and 0 < active.agent_version != agent.version


def _opted_out(given: Circumstances) -> _Finding:
    if not given.has_opted_out:
        return _Finding(why="not opted out")
    return _decided("", RouteReason.OPTED_OUT, why="the user opted out; nobody answers")


def _with_a_person(given: Circumstances) -> _Finding:
    if not given.is_with_person:
        return _Finding(why="no person has the conversation")
    return _decided(HUMAN, RouteReason.HUMAN, why="a person has the conversation; the agents are silent")


def _by_rule(given: Circumstances) -> _Finding:
    match = given.catalogue.rules.first_match(given.message)
    if match is None:
        return _Finding(why="no rule matched")
    rule = match.rule
    why = f"rule {rule.id} ({rule.kind.value}) matched '{match.found}'"
    return _decided(rule.agent_id, RouteReason.RULE, rule.id, why=why)


def _by_habit(given: Circumstances) -> _Finding:
    active = given.active
    if active is None:
        return _Finding(why="nobody served the user lately")
    if given.catalogue.agent(active.agent_id) is None:
        return _Finding(why=f"{active.agent_id} served, but is not enabled")
    detail = FROM_HISTORY if given.is_from_history else ""
    remarks = [detail, "edited since" if was_edited_since(active, given.catalogue) else ""]
    why = ", ".join([f"{active.agent_id} serves the user", *filter(None, remarks)])
    return _decided(active.agent_id, RouteReason.STICKY, detail, why=why)


def _by_meaning(given: Circumstances) -> _Finding:
    known = (passage for passage in given.passages if given.catalogue.agent(passage.agent_id) is not None)
    best = max(known, key=lambda passage: passage.score, default=None)
    if best is None:
        return _Finding(why="no knowledge was found")
    detail = f"{best.title} {best.score:.2f}"
    if best.score < given.threshold:
        return _Finding(why=f"the nearest of {best.agent_id} is {detail}; {given.threshold:.2f} is needed")
    return _decided(best.agent_id, RouteReason.MEANING, detail, why=f"{best.agent_id} knows {detail}")


def _by_default(given: Circumstances) -> _Finding:
    rule = given.catalogue.rules.default
    if rule is not None:
        return _decided(rule.agent_id, RouteReason.DEFAULT, rule.id, why=f"rule {rule.id} (default)")
    first = min((agent.id for agent in given.catalogue.agents), default=None)
    if first is None:
        return _Finding(why="there is no enabled agent")
    return _decided(first, RouteReason.DEFAULT, why=f"no rule of kind default; {first} is the first by id")


def _decided(agent_id: str, reason: RouteReason, detail: str = "", *, why: str) -> _Finding:
    return _Finding(why=why, decision=RoutingDecision(agent_id=agent_id, reason=reason, detail=detail))


_STEPS: tuple[tuple[RouteReason, Callable[[Circumstances], _Finding]], ...] = (
    (RouteReason.OPTED_OUT, _opted_out),
    (RouteReason.HUMAN, _with_a_person),
    (RouteReason.RULE, _by_rule),
    (RouteReason.STICKY, _by_habit),
    (RouteReason.MEANING, _by_meaning),
    (RouteReason.DEFAULT, _by_default),
)
