"""The 24 hours after a user's message in which a business may write freely, as far as the simulator was told."""

from __future__ import annotations

from datetime import datetime, timedelta

WINDOW = timedelta(hours=24)
CLOSED_AT_META = 131047
CLOSED_AT_TWILIO = 63016


class ReplyWindows:
    """When users wrote last. Of a user that nobody spoke of nothing is known, and every message is let through."""

    def __init__(self) -> None:
        self._last_written_at: dict[str, datetime] = {}

    def note(self, user: str, last_written_at: datetime) -> None:
        """Know when a user wrote last; `user` is the number without plus, or the business-scoped id."""
        self._last_written_at[user] = last_written_at

    def is_closed(self, user: str, now: datetime) -> bool:
        """Whether only a template may be sent."""
        last_written_at = self._last_written_at.get(user)
        return last_written_at is not None and now - last_written_at > WINDOW

    def clear(self) -> None:
        """Know nothing about anybody."""
        self._last_written_at.clear()
