"""A conversation: who talks with us on which channel, and what was said lately."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

CONTEXT_TURNS = 40
ELSEWHERE_LASTS = timedelta(minutes=2)
"""After which it is looked up again what a person said on another channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationKey:
    """One user on one channel. `user_id` is the provider's identity of the user, not necessarily a phone number."""

    channel: str
    user_id: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.user_id}"


class Speaker(StrEnum):
    """Who said a turn. HUMAN is a person of the business, AGENT an AI agent, SYSTEM a note for the agents."""

    USER = "user"
    AGENT = "agent"
    HUMAN = "human"
    SYSTEM = "system"


class ConversationStatus(StrEnum):
    """OPEN: the agents answer. HUMAN: a person took over and the agents are silent. CLOSED: nothing is expected."""

    OPEN = "open"
    HUMAN = "human"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing that one side said. `text` of an interrupted turn holds only the words that were heard."""

    speaker: Speaker
    text: str
    at: datetime
    agent_id: str | None = None
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What a person lately said on another channel, who consented to the two being linked.

    Attributes:
        read_at: when it was read; it goes out of date.
    """

    channel: str
    summary: str
    turns: tuple[Turn, ...]
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The recent past of a conversation, oldest turn first; what the next reply is built on.

    Attributes:
        summary: what was said before the turns, in short.
        elsewhere: what the same person said on another channel; None unless the two are linked.
        message_count: how many messages the conversation had when this was kept; None where that is not known.
    """

    id: str
    key: ConversationKey
    status: ConversationStatus = ConversationStatus.OPEN
    turns: tuple[Turn, ...] = ()
    summary: str = ""
    elsewhere: Elsewhere | None = None
    message_count: int | None = None

    def with_turns(self, *turns: Turn) -> Conversation:
        """Append turns and forget the oldest beyond CONTEXT_TURNS."""
        return replace(self, turns=(*self.turns, *turns)[-CONTEXT_TURNS:])

    def counting(self, messages: int) -> Conversation:
        """The same conversation, after so many messages more are a part of it."""
        return self if self.message_count is None else replace(self, message_count=self.message_count + messages)

    def with_status(self, status: ConversationStatus) -> Conversation:
        """The same conversation in another status."""
        return replace(self, status=status)
