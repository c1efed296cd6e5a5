"""RequestKeys in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.errors import AlreadyClaimed


class FakeRequestKeys:
    """Implements `RequestKeys`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[str, datetime]] = {}

    async def begin(self, key: str, *, ttl_seconds: int) -> str | None:
        result, dies_at = self._kept.get(key, ("", self._clock()))
        if dies_at <= self._clock():
            self._kept[key] = ("", self._clock() + timedelta(seconds=ttl_seconds))
            return None
        if not result:
            raise AlreadyClaimed("The same request was begun and is not known to have ended.")
        return result

    async def finish(self, key: str, result: str, *, ttl_seconds: int) -> None:
        self._kept[key] = (result, self._clock() + timedelta(seconds=ttl_seconds))

    async def forget(self, key: str) -> None:
        self._kept.pop(key, None)
