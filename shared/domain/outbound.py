"""Messages and calls that the business begins."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.content import MessageTemplate
from shared.domain.conversation import ConversationKey
from shared.domain.message import DeliveryStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """What somebody of the business wants to be sent: a text or a template.

    Attributes:
        business_id: the number or account it leaves from; empty for the one that the user wrote to last.
        agent_id: the agent in whose name it is sent; None for a person.
    """

    key: ConversationKey
    text: str = ""
    template: MessageTemplate | None = None
    business_id: str = ""
    agent_id: str | None = None

    @property
    def turn_text(self) -> str:
        """The words of the turn that it becomes."""
        return self.text if self.template is None else self.template.as_turn


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """An outbound message as it is kept, whether or not it left by now."""

    delivery_id: str
    message_id: str
    conversation_id: str
    turn_text: str
    status: DeliveryStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class LastHeard:
    """When the user wrote last, by whichever clock says earlier, and to which of our numbers or accounts."""

    at: datetime
    business_id: str


def delivery_id_of(idempotency_key: str) -> str:
    """The same id for the same key, whatever characters it holds."""
    return f"out-{hashlib.sha256(idempotency_key.encode()).hexdigest()[:40]}"


def is_window_open(last_heard: LastHeard | None, *, now: datetime, window_hours: int | None) -> bool:
    """Whether a free text may be sent now; always, where the channel has no window."""
    if window_hours is None:
        return True
    return last_heard is not None and now - last_heard.at < timedelta(hours=window_hours)
