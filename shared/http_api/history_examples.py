"""Example answers of the history operations, from the demo clinic."""

from __future__ import annotations

from typing import Any

CONVERSATION: dict[str, Any] = {
    "id": "0199a3c2-5a10-7c3e-9f0a-2b1f6f0f8e01",
    "channel": "whatsapp",
    "user_id": "919800000001",
    "user_name": "Asha",
    "status": "open",
    "agent_id": "appointments",
    "started_at": "2026-03-01T09:30:00Z",
    "last_message_at": "2026-03-01T09:30:04Z",
    "message_count": 2,
    "needs_attention": False,
    "opted_out": False,
}

QUESTION: dict[str, Any] = {
    "id": "0199a3c2-5a11-7f52-8b44-6d1d2e3f4a02",
    "conversation_id": CONVERSATION["id"],
    "speaker": "user",
    "kind": "text",
    "text": "Can I see the doctor tomorrow?",
    "at": "2026-03-01T09:30:00Z",
    "agent_id": None,
    "route_reason": None,
    "route_detail": None,
    "interrupted": False,
    "provider_message_id": "wamid.HBgMOTE5ODAwMDAwMDAx",
    "reply_to": None,
    "answers_id": None,
    "joined_to": None,
    "unanswered_because": None,
    "delivery_status": None,
    "statuses": [],
    "parts": [],
    "pricing": None,
    "pricing_conversation": None,
    "stages_ms": {},
    "usage": None,
    "citations": [],
    "call_sid": None,
    "start_ms": None,
    "end_ms": None,
    "attributes": {},
    "media": [],
    "trace_id": "6923f0a15b1a4c8e9d2f7a6b3c4d5e6f",
}

ANSWER: dict[str, Any] = {
    **QUESTION,
    "id": "0199a3c2-5b00-7a10-9c55-0a1b2c3d4e03",
    "speaker": "agent",
    "text": "Yes: Dr. Rao has time at ten or at half past four. Which suits you?",
    "at": "2026-03-01T09:30:04Z",
    "agent_id": "appointments",
    "route_reason": "rule",
    "route_detail": "appointments-keywords",
    "provider_message_id": "wamid.HBgMOTE5ODAwMDAwMDAxFQIAERgS",
    "answers_id": QUESTION["id"],
    "delivery_status": "delivered",
    "statuses": [
        {
            "status": status,
            "reported": status,
            "at": f"2026-03-01T09:30:0{second}Z",
            "error_code": None,
            "error_title": None,
            "part": 1,
        }
        for status, second in (("sent", 5), ("delivered", 6))
    ],
    "pricing": {"billable": True, "category": "service", "pricing_model": "PMP", "type": "regular"},
    "pricing_conversation": {"id": "a1b2c3", "origin": {"type": "service"}},
    "stages_ms": {"routing": 3, "model_first_piece": 310, "total": 912},
    "usage": {"model": "amazon.nova-lite-v1:0", "input_tokens": 1800, "output_tokens": 60, "cost_microusd": 122},
    "citations": [
        {
            "passage_id": "0192f6a0-5e1c-7a11-9d3e-2b1a7c8d9e0f",
            "title": "Free appointments",
            "document_id": "0192f6a0-5e1b-7b9f-8c2d-1a0f6b7c8d9e",
        }
    ],
}

CALL: dict[str, Any] = {
    "id": "CA00000000000000000000000000000001",
    "call_sid": "CA00000000000000000000000000000001",
    "conversation_id": "0199a3c2-6000-7d20-8e66-1b2c3d4e5f04",
    "caller_id": "919800000001",
    "business_id": "912240000000",
    "direction": "inbound",
    "state": "ended",
    "started_at": "2026-03-01T10:00:00Z",
    "answered_at": "2026-03-01T10:00:01Z",
    "ended_at": "2026-03-01T10:01:12Z",
    "end_reason": "caller_hung_up",
    "has_recording": True,
    "recording_ms": 71040,
    "trace_id": "6923f0b80f2e4d7c8a1b9c0d5e6f7a8b",
}

CALL_DETAIL: dict[str, Any] = {
    **CALL,
    "transcript": [
        {
            "speaker": "user",
            "text": "What time do you open?",
            "start_ms": 4200,
            "end_ms": 5600,
            "agent_id": None,
            "interrupted": False,
        },
        {
            "speaker": "agent",
            "text": "We open at nine.",
            "start_ms": 6010,
            "end_ms": 7400,
            "agent_id": "reception",
            "interrupted": False,
        },
    ],
}

RECORDING: dict[str, Any] = {
    "url": "https://bucket.s3.ap-south-1.amazonaws.com/recordings/2026/03/01/CA0001/call.wav?X-Amz-Expires=300",
    "expires_in_seconds": 300,
    "content_type": "audio/wav",
}


def page(*items: dict[str, Any]) -> dict[str, Any]:
    """A last page with these items."""
    return {"items": list(items), "next_cursor": None}
