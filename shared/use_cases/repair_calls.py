"""Calls whose task died: their end is noted, their recording joined from the parts that were kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.domain.call import Call
from shared.domain.event import EventType, PlatformEvent
from shared.errors import StoreUnavailable
from shared.observability import count, logger
from shared.ports.call_repair import CallPeriod, UnfinishedCalls
from shared.ports.counters import ConnectionCounter
from shared.ports.messaging import EventPublisher
from shared.ports.stores import CallStore, RecordingStore

LOST = "task_lost"
PAGE_SIZE = 100
# Longer than the slot of a call outlives it, so that a dead call's slot has freed itself.
MARGIN = timedelta(minutes=5)


@dataclass(slots=True, kw_only=True)
class RepairReport:
    """What was done. `failed` calls are tried again by the next run; `is_complete` is false for a run cut short."""

    closed: int = 0
    still_live: int = 0
    recordings_finished: int = 0
    failed: int = 0
    is_complete: bool = False


class _Pages(Protocol):
    async def __call__(self, period: CallPeriod, *, after: Call | None, limit: int) -> tuple[Call, ...]: ...


class RepairCalls:
    """Closes calls that outlived the longest call and finishes recordings that nobody finished.

    Every step may be done again: a run that was cut short, or two runs at once, do no harm.
    """

    def __init__(
        self,
        unfinished: UnfinishedCalls,
        calls: CallStore,
        recordings: RecordingStore,
        slots: ConnectionCounter,
        events: EventPublisher,
        clock: Callable[[], datetime],
        *,
        longest_call: timedelta,
    ) -> None:
        self._unfinished = unfinished
        self._calls = calls
        self._recordings = recordings
        self._slots = slots
        self._events = events
        self._clock = clock
        self._longest_call = longest_call

    async def __call__(self, *, look_back: timedelta, should_stop: Callable[[], bool]) -> RepairReport:
        """Repair the calls that started within `look_back`; between two calls, stop when asked to.

        Raises:
            StoreUnavailable: the calls cannot be listed.
        """
        report = RepairReport()
        now = self._clock()
        period = CallPeriod(since=now - look_back, until=now - self._longest_call - MARGIN)
        steps = (
            (self._unfinished.left_open, self._close),
            (self._unfinished.without_recording, self._finish_recording),
        )
        for pages, repair in steps:
            async for call in _each(pages, period):
                if should_stop():
                    return report
                await self._attempt(repair, call, report)
        report.is_complete = True
        return report

    async def _attempt(
        self, repair: Callable[[Call, RepairReport], Awaitable[object]], call: Call, report: RepairReport
    ) -> None:
        """One call that cannot be repaired must not keep the others from it."""
        try:
            await repair(call, report)
        except StoreUnavailable:
            report.failed += 1
            logger.exception("call_not_repaired", call_sid=call.call_sid)

    async def _close(self, call: Call, report: RepairReport) -> None:
        """Close the call as lost, unless it holds its slot: a caller may have been connected again and again."""
        if await self._slots.holds(call.caller_id, call.call_sid):
            report.still_live += 1
            return
        recorded_ms = await self._finish_recording(call, report)
        # Nobody saw the end: the recording tells how long there was a call at the least.
        last_seen_at = (call.answered_at or call.started_at) + timedelta(milliseconds=recorded_ms)
        closed = await self._calls.close(call.call_sid, ended_at=last_seen_at, reason=LOST, has_failed=True)
        if closed is None or closed.end_reason != LOST:
            return
        report.closed += 1
        count("calls_repaired")
        logger.info("call_repaired", call_sid=call.call_sid, recorded_ms=recorded_ms)
        await self._events.publish(
            PlatformEvent(
                type=EventType.CALL_ENDED,
                at=self._clock(),
                conversation_id=call.conversation_id,
                key=call.key,
                data={"call_sid": call.call_sid, "reason": LOST},
            )
        )

    async def _finish_recording(self, call: Call, report: RepairReport) -> int:
        """Join the parts and link the file; its length in ms, 0 when nothing was recorded."""
        finished = await self._recordings.assemble(call.call_sid, started_at=call.started_at)
        if finished is None:
            return 0
        key, duration_ms = finished
        await self._calls.attach_recording(call.call_sid, key=key, duration_ms=duration_ms)
        report.recordings_finished += 1
        count("recordings_repaired")
        logger.info("recording_repaired", call_sid=call.call_sid, duration_ms=duration_ms)
        return duration_ms


async def _each(pages: _Pages, period: CallPeriod) -> AsyncIterator[Call]:
    last: Call | None = None
    while True:
        page = await pages(period, after=last, limit=PAGE_SIZE)
        for call in page:
            yield call
        if len(page) < PAGE_SIZE:
            return
        last = page[-1]
