"""What front ends are told while it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.domain.conversation import ConversationKey
from shared.domain.json_value import JSON


class EventType(StrEnum):
    """The kinds of events of the updates socket; part of the contract with front ends."""

    MESSAGE_RECEIVED = "message.received"
    MESSAGE_SENT = "message.sent"
    MESSAGE_STATUS = "message.status"
    CALL_STARTED = "call.started"
    CALL_PARTIAL = "call.partial"
    CALL_TURN = "call.turn"
    CALL_ENDED = "call.ended"
    AGENT_CHANGED = "agent.changed"
    TAKEOVER_CHANGED = "takeover.changed"
    CONSENT_CHANGED = "consent.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformEvent:
    """Something that happened in a conversation."""

    type: EventType
    at: datetime
    conversation_id: str
    key: ConversationKey
    data: dict[str, JSON] = field(default_factory=dict)
