"""RateCounter, Blocklist and ConnectionCounter in memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from shared.domain.quota import Admission, RateWindow
from shared.ports.counters import FailedSource, Slot


class FakeRateCounter:
    """Implements `RateCounter`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, int], tuple[int, datetime]] = {}
        self._passed: dict[tuple[str, int], list[datetime]] = {}
        self._refused: dict[tuple[str, int], tuple[int, datetime]] = {}

    async def admit(self, subject: str, *, limit: int, window_seconds: int, cost: int = 1) -> Admission:
        now, key, window = self._clock(), (subject, window_seconds), timedelta(seconds=window_seconds)
        passed = [at for at in self._passed.get(key, []) if at + window > now]
        refused, ends_at = self._refused.get(key, (0, now))
        if ends_at <= now:
            refused, ends_at = 0, now + window
        if len(passed) < limit:
            self._passed[key] = passed + [now] * cost
            return Admission(is_admitted=True, count=len(passed) + cost)
        self._refused[key] = (refused + cost, ends_at)
        free_at = passed[len(passed) - limit] + window
        return Admission(
            is_admitted=False, count=len(passed) + refused + cost, retry_after_seconds=_seconds(free_at - now)
        )

    async def hit(self, subject: str, *, window_seconds: int, cost: int = 1) -> RateWindow:
        now = self._clock()
        count, ends_at = self._windows.get((subject, window_seconds), (0, now))
        if ends_at <= now:
            count, ends_at = 0, now + timedelta(seconds=window_seconds)
        self._windows[(subject, window_seconds)] = (count + cost, ends_at)
        return RateWindow(count=count + cost, resets_in_seconds=_seconds(ends_at - now))


class FakeBlocklist:
    """Implements `Blocklist`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._sources: dict[str, tuple[int, datetime, bool]] = {}

    async def record_failure(
        self, source: str, *, failures_before_block: int, window_seconds: int, block_seconds: int
    ) -> FailedSource:
        now = self._clock()
        failures, ends_at, is_blocked = self._sources.get(source, (0, now, False))
        if ends_at <= now:
            failures, ends_at, is_blocked = 0, now + timedelta(seconds=window_seconds), False
        failures += 1
        blocked_seconds = _seconds(ends_at - now) if is_blocked else 0
        if not is_blocked and failures >= failures_before_block:
            ends_at, is_blocked = now + timedelta(seconds=block_seconds), True
        self._sources[source] = (failures, ends_at, is_blocked)
        return FailedSource(failures, blocked_seconds)

    async def forgive(self, source: str) -> None:
        self._sources.pop(source, None)


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
