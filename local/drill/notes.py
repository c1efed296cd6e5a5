"""What the load noticed, as it happened. All times are seconds of the monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(slots=True, kw_only=True)
class WrittenMessage:
    """One WhatsApp message of a user.

    Attributes:
        token: stands in the text and comes back in the reply, so that a reply is known without the platform's help.
        accepted_at: when its webhook was first answered 200; None when it never was.
        replies_at: when each reply to it was seen at the provider.
    """

    token: str
    message_id: str
    user: str
    written_at: float
    accepted_at: float | None = None
    replies_at: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentReply:
    """What the provider took from the platform, when that was seen; `token` None when the words name no question."""

    at: float
    provider_id: str
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One webhook posted, or one page of the API asked for; `status` None when no answer came."""

    at: float
    status: int | None

    @property
    def is_refused(self) -> bool:
        """Whether it has to be tried again."""
        return self.status != 200  # noqa: PLR2004 - HTTP's OK.


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A caller spoke. `answered_at`: when the agent was heard; None when the caller gave up at `until`."""

    asked_at: float
    until: float
    answered_at: float | None


class CallTrouble(StrEnum):
    """What a caller notices besides silence."""

    NOT_CONNECTED = "not connected"
    CUT = "cut"
    RECONNECTED = "reconnected"
    ANNOUNCED = "announced"
    """The telephone network read something out in its own voice, because no stream was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """A trouble of one call."""

    at: float
    trouble: CallTrouble


@dataclass(slots=True)
class Notes:
    """Everything that anybody noticed so far."""

    messages: dict[str, WrittenMessage] = field(default_factory=dict)
    posts: list[Request] = field(default_factory=list)
    pages: list[Request] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    call_events: list[CallEvent] = field(default_factory=list)
    utterances: dict[str, int] = field(default_factory=dict)
    """How often each call's caller spoke, by the call's id."""
    call_ends: dict[str, float] = field(default_factory=dict)
    """When each call was over, by its id."""
