"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FrozenClock:
    """Calling it gives the time, in UTC; `advance` is the only thing that moves it."""

    def __init__(self, now: datetime = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, *, seconds: float = 0, hours: float = 0) -> datetime:
        """Move on and return the new time."""
        self.now += timedelta(seconds=seconds, hours=hours)
        return self.now
