"""What front ends are told while it happens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.domain.conversation import ConversationKey, ConversationStatus
from shared.domain.json_value import JSON

_EVENT_ID = re.compile(r"([0-9]{1,16})-([0-9]{1,16})")


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


def status_data(
    message_id: str, status: str, *, error_code: str | None = None, unanswered_because: str | None = None
) -> dict[str, JSON]:
    """What `message.status` tells: how far a message came, or that it got no answer."""
    return {
        "message_id": message_id,
        "status": status,
        "error_code": error_code,
        "unanswered_because": unanswered_because,
    }


def takeover_data(status: ConversationStatus, *, wanted: bool) -> dict[str, JSON]:
    """What `takeover.changed` tells: who has the conversation; `wanted` is true where an agent asked for a person."""
    return {"status": status.value, "wanted": wanted}


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """An event as it was told, with the id that says where it stands among all others."""

    id: str
    event: PlatformEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateBatch:
    """What was told since the batch before, in order.

    Attributes:
        is_up_to_date: nothing newer was there when it was read.
        follows_interruption: events may have been lost before these, and nobody knows which.
    """

    updates: tuple[Update, ...] = ()
    is_up_to_date: bool = True
    follows_interruption: bool = False


def place_of(event_id: str) -> tuple[int, int]:
    """Where an event stands: the millisecond of the epoch in which it was told, and its number in that.

    Raises:
        ValueError: no event's id.
    """
    found = _EVENT_ID.fullmatch(event_id)
    if found is None:
        message = "This is not the id of an event."
        raise ValueError(message)
    return int(found[1]), int(found[2])
