"""Example messages of the updates socket, one of each kind, from the demo clinic: the contract of their keys."""

from __future__ import annotations

from typing import Any

from shared.domain.event import EventType

_CALLER = "919800000001"
_CONVERSATION = "0196a1b2-0000-7000-8000-000000000001"
_CALL = "CA00000000000000000000000000000001"
_QUESTION = "0196a1b2-0000-7000-8000-000000000011"
_REPLY = "0196a1b2-0000-7000-8000-000000000012"


def _update(number: int, kind: EventType, channel: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"177244200{number:04d}-0",
        "type": kind.value,
        "at": f"2026-03-02T09:00:0{number}Z",
        "conversation_id": _CONVERSATION,
        "channel": channel,
        "user_id": _CALLER,
        "data": data,
    }


UPDATE_EXAMPLES: dict[EventType, dict[str, Any]] = {
    EventType.MESSAGE_RECEIVED: _update(
        0,
        EventType.MESSAGE_RECEIVED,
        "whatsapp",
        {"message_id": _QUESTION, "speaker": "user", "kind": "text", "text": "When do you open on Saturday?"},
    ),
    EventType.MESSAGE_SENT: _update(
        1,
        EventType.MESSAGE_SENT,
        "whatsapp",
        {
            "message_id": _REPLY,
            "answers_id": _QUESTION,
            "speaker": "agent",
            "text": "On Saturdays we open at nine.",
            "agent_id": "reception",
            "person": None,
            "interrupted": False,
            "status": "sent",
        },
    ),
    EventType.MESSAGE_STATUS: _update(
        2,
        EventType.MESSAGE_STATUS,
        "whatsapp",
        {"message_id": _REPLY, "status": "delivered", "error_code": None, "unanswered_because": None},
    ),
    EventType.CALL_STARTED: _update(
        3, EventType.CALL_STARTED, "voice", {"call_sid": _CALL, "direction": "inbound", "agent_id": "reception"}
    ),
    EventType.CALL_PARTIAL: _update(
        4, EventType.CALL_PARTIAL, "voice", {"call_sid": _CALL, "text": "When do you open"}
    ),
    EventType.CALL_TURN: _update(
        5,
        EventType.CALL_TURN,
        "voice",
        {
            "call_sid": _CALL,
            "speaker": "agent",
            "text": "On Saturdays we open at nine.",
            "agent_id": "reception",
            "start_ms": 6210,
            "end_ms": 8430,
            "interrupted": False,
            "stages_ms": {"endpoint": 500, "transcript": 60, "reply": 90, "speech": 40, "first_audio": 690},
            "message_id": _REPLY,
            "answers_id": _QUESTION,
            "said": "When do you open on Saturday?",
            "heard": "On Saturdays we open at nine.",
        },
    ),
    EventType.CALL_ENDED: _update(6, EventType.CALL_ENDED, "voice", {"call_sid": _CALL, "reason": "farewell"}),
    EventType.AGENT_CHANGED: _update(
        7, EventType.AGENT_CHANGED, "whatsapp", {"from": "reception", "to": "billing", "reason": "meaning"}
    ),
    EventType.TAKEOVER_CHANGED: _update(
        8, EventType.TAKEOVER_CHANGED, "whatsapp", {"status": "human", "wanted": False}
    ),
    EventType.CONSENT_CHANGED: _update(9, EventType.CONSENT_CHANGED, "whatsapp", {"opted_out": True}),
}

MAY_BE_NULL: dict[EventType, frozenset[str]] = {
    EventType.MESSAGE_SENT: frozenset({"message_id", "answers_id", "agent_id", "person"}),
    EventType.MESSAGE_STATUS: frozenset({"error_code", "unanswered_because"}),
    EventType.CALL_STARTED: frozenset({"agent_id"}),
    EventType.CALL_TURN: frozenset({"agent_id", "stages_ms", "message_id", "answers_id", "said", "heard"}),
    EventType.CALL_ENDED: frozenset({"reason"}),
}
"""The keys of `data` that may hold null. The others never do, and no key is ever left out."""

GAP_EXAMPLE: dict[str, Any] = {
    "id": "1772442000009-0",
    "type": "updates.gap",
    "at": "2026-03-02T09:10:00Z",
    "conversation_id": None,
    "channel": None,
    "user_id": None,
    "data": {"reason": "too_old"},
}
"""Events after this id may be missing: whoever shows lists reads them again over the API."""
