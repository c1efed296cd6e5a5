"""Agents and the rules that choose among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

HUMAN = "human"
"""Target of a hand-over to a person; no agent profile may have this id."""


class VoiceNotePolicy(StrEnum):
    """NEVER, only to a user who asked for it, or also to whoever sends one (MIRROR)."""

    NEVER = "never"
    ON_REQUEST = "on_request"
    MIRROR = "mirror"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """One AI agent of the business.

    Attributes:
        description: what it is for, in a sentence; shown to other agents and used to route by meaning.
        instructions: its system prompt.
        greeting_interruptible: whether a caller may speak into its greeting; not, where that has to be heard by law.
        coalesce_seconds: how long to wait for the rest of a thought that a user sends in several messages; 0 for not.
        voice_notes: when it replies with a voice note instead of text, on channels that carry them.
        answer_threshold: 0..1; below this similarity the knowledge base is taken not to know (offline engine).
        scope: what it may talk about, in a sentence; empty: whatever its instructions allow.
        models: names of the engines that write its replies, the preferred one first; empty: those of the platform.
        tools: names of the tools that it may use; to hand over needs no permission.
        version: grows with each change; a kept choice of an older version is made anew.
    """

    id: str
    name: str
    description: str
    instructions: str
    greeting: str
    greeting_interruptible: bool = True
    language: str = "en-IN"
    voice: str = "default"
    coalesce_seconds: int = 0
    voice_notes: VoiceNotePolicy = VoiceNotePolicy.ON_REQUEST
    answer_threshold: float = 0.4
    scope: str = ""
    models: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    is_enabled: bool = True
    version: int = 1


class RuleKind(StrEnum):
    """What a rule looks at. Words are compared without regard to case, on whole words.

    KEYWORD: any of some words. PHRASE: words in their order. PREFIX: words at the beginning. REGEX: an expression.
    BUTTON: the payload of what was pressed. REFERRAL: the advertisement that the user came from. LANGUAGE: the one
    asked for, else that of the script. BUSINESS_HOURS: when it came. DEFAULT: whatever nothing else decides.
    """

    KEYWORD = "keyword"
    PHRASE = "phrase"
    PREFIX = "prefix"
    REGEX = "regex"
    BUTTON = "button"
    REFERRAL = "referral"
    LANGUAGE = "language"
    CHANNEL = "channel"
    BUSINESS_HOURS = "business_hours"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRule:
    """Sends matching messages to an agent, or to a person.

    Attributes:
        agent_id: of an agent, or HUMAN.
        priority: the highest wins; `rule_book.precedence` tells which of several with the same.
        version: grows with each change.
    """

    id: str
    kind: RuleKind
    pattern: str
    agent_id: str
    priority: int = 0
    is_enabled: bool = True
    version: int = 1


class RouteReason(StrEnum):
    """Why a message went where it went; but for HANDED_OVER, which comes later, the order in which they are tried.

    OPTED_OUT: to nobody, as the user wishes. HUMAN: to the person who has the conversation.
    """

    OPTED_OUT = "opted_out"
    HUMAN = "human"
    RULE = "rule"
    STICKY = "sticky"
    MEANING = "meaning"
    DEFAULT = "default"
    HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingDecision:
    """The chosen agent, or HUMAN, and why. `detail` names the rule or gives the score; no agent_id means nobody."""

    agent_id: str
    reason: RouteReason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAgent:
    """Who is serving a conversation now; kept for 30 minutes of inactivity.

    Attributes:
        since: when the latest turn that it served ended.
        hand_overs: when agents handed over to each other lately, oldest first.
        version: grows with each change; 0 for what was never kept.
    """

    agent_id: str
    agent_version: int
    since: datetime
    hand_overs: tuple[datetime, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of an agent's knowledge. `score` is the cosine similarity to the question, -1..1.

    Attributes:
        id: its own; empty where nobody has to find it again.
        document_id: the document that it is a part of; None for one that stands alone.
    """

    agent_id: str
    title: str
    text: str
    score: float
    id: str = ""
    document_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A passage that a reply rests on, as it is kept with the turn."""

    passage_id: str
    title: str
    document_id: str | None = None
