"""RateCounter, Blocklist and ConnectionCounter in memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from shared.domain.quota import RateWindow
from shared.ports.counters import Slot


class FakeRateCounter:
    """Implements `RateCounter`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, int], tuple[int, datetime]] = {}

    async def hit(self, subject: str, *, window_seconds: int, cost: int = 1) -> RateWindow:
        now = self._clock()
        count, ends_at = self._windows.get((subject, window_seconds), (0, now))
        if ends_at <= now:
            count, ends_at = 0, now + timedelta(seconds=window_seconds)
        self._windows[(subject, window_seconds)] = (count + cost, ends_at)
        return RateWindow(count=count + cost, resets_in_seconds=_seconds(ends_at - now))

    def forget(self, subject: str) -> None:
        """Drop the subject's windows."""
        self._windows = {key: window for key, window in self._windows.items() if key[0] != subject}


class FakeBlocklist:
    """Implements `Blocklist`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._failures = FakeRateCounter(clock)
        self._blocked: dict[str, datetime] = {}

    async def blocked_for(self, source: str) -> int:
        now = self._clock()
        return max(0, _seconds(self._blocked.get(source, now) - now))

    async def record_failure(self, source: str, *, window_seconds: int) -> int:
        return (await self._failures.hit(source, window_seconds=window_seconds)).count

    async def block(self, source: str, *, seconds: int) -> None:
        self._blocked[source] = self._clock() + timedelta(seconds=seconds)

    async def forgive(self, source: str) -> None:
        self._blocked.pop(source, None)
        self._failures.forget(source)


class FakeConnectionCounter:
    """Implements `ConnectionCounter`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.taken: dict[str, dict[str, datetime]] = {}
        self._holders: dict[tuple[str, str], str] = {}

    async def take(self, subject: str, slot: str, *, limit: int, ttl_seconds: int, holder: str = "") -> bool:
        now = self._clock()
        live = {name: dies_at for name, dies_at in self.taken.get(subject, {}).items() if dies_at > now}
        self.taken[subject] = live
        if slot not in live and len(live) >= limit:
            return False
        live[slot] = now + timedelta(seconds=ttl_seconds)
        self._holders[subject, slot] = holder
        return True

    async def renew(self, slots: Sequence[Slot], *, ttl_seconds: int) -> None:
        for slot in slots:
            self.taken.setdefault(slot.subject, {})[slot.name] = self._clock() + timedelta(seconds=ttl_seconds)

    async def release(self, subject: str, slot: str, *, holder: str = "") -> bool:
        is_held = await self.holds(subject, slot)
        if holder and is_held and self._holders.get((subject, slot)) != holder:
            return False
        self.taken.get(subject, {}).pop(slot, None)
        return True

    async def holds(self, subject: str, slot: str) -> bool:
        return self.taken.get(subject, {}).get(slot, self._clock()) > self._clock()


def _seconds(left: timedelta) -> int:
    return math.ceil(left.total_seconds())
