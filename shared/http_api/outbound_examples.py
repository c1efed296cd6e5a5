"""Example requests and answers of what the business begins, from the demo clinic."""

from __future__ import annotations

from typing import Any

NEW_MESSAGE: dict[str, Any] = {
    "channel": "whatsapp",
    "user_id": "919800000001",
    "template": {"name": "appointment_reminder", "language": "en", "variables": ["Asha", "Monday, 10:30"]},
    "business_id": "100200300",
}
SENT_MESSAGE: dict[str, Any] = {
    "message_id": "0197c0de-0000-7000-8000-000000000001",
    "conversation_id": "0197c0de-0000-7000-8000-000000000002",
    "text": "[appointment_reminder] Asha, Monday, 10:30",
    "delivery_status": "sent",
}

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
