"""Which agent a message is for, as far as rules can tell."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from shared.domain.agent import ActiveAgent, AgentProfile, Passage, RouteReason, RoutingDecision, RoutingRule, RuleKind
from shared.domain.message import InboundMessage

MEANING_THRESHOLD = 0.35
"""Cosine similarity from which a passage is taken to be about the question; below it, nobody is an expert."""

_WORD_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No"})
_JOINERS = "_\u200c\u200d"
_EMOJI_SELECTORS = "\ufe0e\ufe0f"


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
    pattern = _comparable(rule.pattern)
    text = _comparable(message.text)
    match rule.kind:
        case RuleKind.KEYWORD:
            return any(_has_words(text, word.strip()) for word in pattern.split(","))
        case RuleKind.PHRASE:
            return _has_words(text, pattern)
        case RuleKind.PREFIX:
            return bool(pattern) and text.startswith(pattern) and _stands_alone(text, 0, len(pattern))
        case RuleKind.BUTTON:
            return bool(pattern) and pattern in _pressed(message)
        case RuleKind.CHANNEL:
            return _comparable(message.channel) == pattern
        case RuleKind.DEFAULT:
            return True


def _pressed(message: InboundMessage) -> set[str]:
    """What identifies the button or list entry that was chosen: the channels call it by different names."""
    names = ("payload", "id", "list_id")
    return {_comparable(str(message.attributes[name])) for name in names if name in message.attributes}


def _comparable(text: str) -> str:
    """The text without what does not matter: case, runs of white space, and which keyboard composed a letter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _has_words(text: str, words: str) -> bool:
    start = text.find(words) if words else -1
    while start >= 0:
        if _stands_alone(text, start, start + len(words)):
            return True
        start = text.find(words, start + 1)
    return False


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no word goes on across either end of a stretch of the text."""
    goes_on = (
        0 < place < len(text) and _is_of_word(text[place - 1]) and _is_of_word(text[place]) for place in (start, end)
    )
    return not any(goes_on)


def _is_of_word(character: str) -> bool:
    # Neither \b nor \w: vowel signs of Devanagari and Tamil are marks, which are no word characters to `re`.
    # Joiners stand within words; the selectors behind an emoji are marks, but of no word.
    if character in _JOINERS:
        return True
    return unicodedata.category(character) in _WORD_CATEGORIES and character not in _EMOJI_SELECTORS


def _precedence(rule: RoutingRule) -> tuple[int, int, str]:
    return (-rule.priority, -len(rule.pattern), rule.id)
