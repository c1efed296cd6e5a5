"""Example requests and answers about linked identities, from the demo clinic."""

from __future__ import annotations

from typing import Any

_IDENTITIES = [{"channel": "voice", "user_id": "919845012345"}, {"channel": "whatsapp", "user_id": "919845012345"}]
NEW_LINK: dict[str, Any] = {"identities": _IDENTITIES, "consented": True}
LINK: dict[str, Any] = {
    "person_id": "0b8f4b0e-5f0c-4a53-9a7e-2f2b9f3b6c11",
    "identities": _IDENTITIES,
    "noted_by": "desk@clinic.example",
    "linked_at": "2026-11-22T11:44:22Z",
}
