"""Example requests and answers of what the business begins, from the demo clinic."""

from __future__ import annotations

from typing import Any

NEW_MESSAGE: dict[str, Any] = {
    "channel": "whatsapp",
    "user_id": "919800000001",
    "template": {"name": "appointment_reminder", "language": "en", "variables": ["Asha", "Monday, 10:30"]},
    "business_id": "100200300",
}
_TO = {"channel": "whatsapp", "user_id": "919800000001"}
NEW_MESSAGES: dict[str, dict[str, Any]] = {
    "template": NEW_MESSAGE,
    "text": _TO
    | {
        "text": "Your report is ready.",
        "fallback_template": {"name": "report_ready", "language": "en", "variables": ["Asha"]},
    },
    "choices": _TO
    | {
        "choices": {
            "text": "Shall we keep your appointment on Monday, 10:30?",
            "options": [{"id": "keep", "title": "Keep it"}, {"id": "move", "title": "Another day"}],
            "footer": "Lotus clinic",
        }
    },
    "menu": _TO
    | {
        "menu": {
            "text": "Which department do you need?",
            "button": "Departments",
            "sections": [
                {
                    "title": "Ground floor",
                    "options": [
                        {"id": "lab", "title": "Laboratory", "description": "Blood tests until 11:00"},
                        {"id": "xray", "title": "Radiology"},
                    ],
                },
                {"title": "First floor", "options": [{"id": "eye", "title": "Eye clinic"}]},
            ],
        }
    },
    "media": _TO
    | {
        "media": {
            "kind": "document",
            "link": "https://files.lotus-clinic.example/directions.pdf",
            "mime_type": "application/pdf",
            "filename": "directions.pdf",
            "caption": "How to find us",
        }
    },
    "location": _TO
    | {
        "location": {
            "latitude": 12.9716,
            "longitude": 77.5946,
            "name": "Lotus clinic",
            "address": "12 Museum Road, Bengaluru",
        }
    },
    "reaction": _TO | {"reaction": {"message_id": "wamid.HBgMOTE5ODAwMDAwMDAxFQIAEhg=", "emoji": "\U0001f44d"}},
    "reply": _TO | {"text": "Yes, on Saturday too.", "reply_to": "wamid.HBgMOTE5ODAwMDAwMDAxFQIAEhg="},
}
SENT_MESSAGE: dict[str, Any] = {
    "message_id": "0197c0de-0000-7000-8000-000000000001",
    "conversation_id": "0197c0de-0000-7000-8000-000000000002",
    "text": "[appointment_reminder] Asha, Monday, 10:30",
    "delivery_status": "sent",
    "failure_reason": None,
}

NEW_PERSON_MESSAGE: dict[str, Any] = {"text": "This is Meera from the front desk. Your report is ready."}
PERSON_MESSAGE: dict[str, Any] = SENT_MESSAGE | {"text": NEW_PERSON_MESSAGE["text"]}

NEW_CALL: dict[str, Any] = {
    "user_id": "919800000001",
    "business_id": "918000000000",
    "voicemail_message": "This is the Lotus clinic. Please call us back about your appointment on Monday.",
}
PLACED_CALL: dict[str, Any] = {
    "call_sid": "CA0123456789abcdef0123456789abcdef",
    "conversation_id": "0197c0de-0000-7000-8000-000000000002",
    "state": "ringing",
}
