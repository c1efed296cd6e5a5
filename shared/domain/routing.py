"""Which agent a message is for, as far as rules can tell."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shared.domain.agent import ActiveAgent, AgentProfile, Passage, RouteReason, RoutingDecision, RoutingRule, RuleKind
from shared.domain.message import InboundMessage

MEANING_THRESHOLD = 0.35
"""Cosine similarity from which a passage is taken to be about the question; below it, nobody is an expert."""


def choose_agent(
    message: InboundMessage,
    agents: Iterable[AgentProfile],
    rules: Iterable[RoutingRule],
    active: ActiveAgent | None,
    passages: Iterable[Passage],
) -> RoutingDecision | None:
    """Try rules, then the agent who is serving already, then meaning, then the default; None when there is no agent.

    Rules that name a disabled or missing agent are passed over. An active agent that was edited since is kept,
    one that is gone is not.
    """
    enabled = {agent.id: agent for agent in agents if agent.is_enabled}
    ordered = sorted((rule for rule in rules if rule.is_enabled and rule.agent_id in enabled), key=_precedence)
    for rule in ordered:
        if rule.kind is not RuleKind.DEFAULT and matches(rule, message):
            return RoutingDecision(agent_id=rule.agent_id, reason=RouteReason.RULE, detail=rule.id)
    if active is not None and active.agent_id in enabled:
        return RoutingDecision(agent_id=active.agent_id, reason=RouteReason.STICKY)
    expert = max((p for p in passages if p.agent_id in enabled), key=lambda p: p.score, default=None)
    if expert is not None and expert.score >= MEANING_THRESHOLD:
        return RoutingDecision(
            agent_id=expert.agent_id, reason=RouteReason.MEANING, detail=f"{expert.title} {expert.score:.2f}"
        )
    for rule in ordered:
        if rule.kind is RuleKind.DEFAULT:
            return RoutingDecision(agent_id=rule.agent_id, reason=RouteReason.DEFAULT, detail=rule.id)
    first = min(enabled, default=None)
    return None if first is None else RoutingDecision(agent_id=first, reason=RouteReason.DEFAULT)


def matches(rule: RoutingRule, message: InboundMessage) -> bool:
    """Whether a rule applies to a message."""
    pattern = rule.pattern.strip().casefold()
    text = " ".join(message.text.casefold().split())
    match rule.kind:
        case RuleKind.KEYWORD:
            return any(_has_words(text, word) for word in pattern.split(",") if word.strip())
        case RuleKind.PHRASE:
            return _has_words(text, pattern)
        case RuleKind.PREFIX:
            return bool(pattern) and text.startswith(pattern)
        case RuleKind.BUTTON:
            return str(message.attributes.get("payload", "")).casefold() == pattern
        case RuleKind.CHANNEL:
            return message.channel.casefold() == pattern
        case RuleKind.DEFAULT:
            return True


def _has_words(text: str, words: str) -> bool:
    # Not \b: it splits Devanagari and Tamil words at their vowel signs, which are no word characters to `re`.
    wanted = re.escape(" ".join(words.split()))
    return bool(wanted) and re.search(rf"(?:^|[\s.,;:!?\"'()।]){wanted}(?:$|[\s.,;:!?\"'()।])", text) is not None


def _precedence(rule: RoutingRule) -> tuple[int, int, str]:
    return (-rule.priority, -len(rule.pattern), rule.id)
