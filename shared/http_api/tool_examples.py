"""Example requests and answers about tools, from the demo clinic."""

from __future__ import annotations

from typing import Any

from shared.http_api.history_examples import QUESTION

NEW_TOOL: dict[str, Any] = {
    "id": "look_up_bill",
    "description": "Looks up a bill of the clinic by its number: what it is for, how much is due and until when.",
    "method": "GET",
    "url": "https://office.lakeside.example/bills/{number}",
    "parameters": {
        "type": "object",
        "properties": {
            "number": {
                "type": "string",
                "pattern": "^INV-[0-9]{4}$",
                "description": "As printed on the bill: INV-1234.",
            }
        },
        "required": ["number"],
        "additionalProperties": False,
    },
    "secret_name": "clinic-office",
    "timeout_ms": 3000,
    "is_enabled": True,
}
CHANGED_TOOL: dict[str, Any] = {name: value for name, value in NEW_TOOL.items() if name != "id"}
TOOL: dict[str, Any] = {**NEW_TOOL, "version": 1}

TRIAL: dict[str, Any] = {"arguments": {"number": "INV-1042"}}
TRIED: dict[str, Any] = {
    "outcome": "done",
    "answer": '{"number": "INV-1042", "amount_inr": 1250, "status": "due", "due_on": "2026-03-31"}',
    "elapsed_ms": 84,
}

TOOL_CALL: dict[str, Any] = {
    "id": "6a1e6f6b-52b5-5a0c-8f0e-3b9c4d5e6f70",
    "message_id": QUESTION["provider_message_id"],
    "agent_id": "billing",
    "tool": "look_up_bill",
    "arguments": {"number": "INV-1042"},
    "outcome": "done",
    "answer": TRIED["answer"],
    "elapsed_ms": 84,
    "begun_at": "2026-03-01T09:30:01Z",
}
