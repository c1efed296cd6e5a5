"""UnfinishedCalls in memory."""

from __future__ import annotations

from collections.abc import Callable

from shared.domain.call import Call, CallState
from shared.ports.call_repair import CallPeriod
from tests.fakes.memory_rows import MemoryRows

_OPEN = (CallState.RINGING, CallState.LIVE)


class FakeUnfinishedCalls:
    """Implements `UnfinishedCalls` over the rows of the other fakes."""

    def __init__(self, rows: MemoryRows) -> None:
        self._rows = rows

    async def left_open(self, period: CallPeriod, *, after: Call | None, limit: int) -> tuple[Call, ...]:
        return self._page(lambda call: call.state in _OPEN, period, after, limit)

    async def without_recording(self, period: CallPeriod, *, after: Call | None, limit: int) -> tuple[Call, ...]:
        def is_wanted(call: Call) -> bool:
            return call.state not in _OPEN and call.answered_at is not None and call.recording_key is None

        return self._page(is_wanted, period, after, limit)

    def _page(
        self, is_wanted: Callable[[Call], bool], period: CallPeriod, after: Call | None, limit: int
    ) -> tuple[Call, ...]:
        found = [
            call
            for call in self._rows.calls.values()
            if is_wanted(call)
            and period.since <= call.started_at < period.until
            and (after is None or (call.started_at, call.call_sid) > (after.started_at, after.call_sid))
        ]
        return tuple(sorted(found, key=lambda call: (call.started_at, call.call_sid))[:limit])
