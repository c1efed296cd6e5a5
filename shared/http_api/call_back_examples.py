"""Example answers about promised calls, from the demo clinic."""

from __future__ import annotations

from typing import Any

CALL_BACK: dict[str, Any] = {
    "id": "5d0c2b1e-7a64-5f0e-9a51-0c9be0a1c001",
    "conversation_id": "0196a1b2-0000-7000-8000-000000000001",
    "wanted": "agent",
    "agent_id": "appointments",
    "phone_number": "919800000001",
    "about": "Asha wants to move her appointment of Monday to another day.",
    "due_at": "2026-03-02T10:00:00Z",
    "state": "due",
    "attempts": 0,
    "call_sid": None,
}
