"""Example answers of the operations on one's own session."""

from __future__ import annotations

from typing import Any

SESSION: dict[str, Any] = {
    "subject": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    "roles": ["operator"],
    "expires_at": "2026-03-01T10:30:00Z",
}

TICKET: dict[str, Any] = {"ticket": "Zk3V0m8m0tQ5y1c2mXb7r9uD4hLs6wAa8nPq0eJiKfg", "expires_in_seconds": 30}
