"""A call is over: its end, its recording, its slot, and whoever watches."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from shared.domain.call import Call
from shared.domain.event import EventType, PlatformEvent
from shared.errors import StoreUnavailable
from shared.observability import count, logger
from shared.ports.counters import ConnectionCounter
from shared.ports.messaging import EventPublisher
from shared.ports.stores import CallStore, RecordingStore

PATIENT_PAUSES_SECONDS = (0.5, 1.0, 2.0, *(4.0,) * 24)
"""For whoever has the time: together longer than a usual failover of the database, shorter than a task may drain."""


class CloseCall:
    """Closes a call's record. Doing it twice, from the stream and from Twilio's status, changes nothing."""

    def __init__(
        self,
        calls: CallStore,
        recordings: RecordingStore | None,
        slots: ConnectionCounter,
        events: EventPublisher,
        clock: Callable[[], datetime],
        *,
        pauses_seconds: Sequence[float] = (),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`pauses_seconds` are waited one after the other for a store that cannot note the end."""
        self._calls = calls
        self._recordings = recordings
        self._slots = slots
        self._events = events
        self._clock = clock
        self._pauses_seconds = pauses_seconds
        self._sleep = sleep

    async def __call__(
        self,
        call_sid: str,
        *,
        slot: str,
        reason: str,
        has_failed: bool = False,
        caller_id: str | None = None,
        stream_id: str = "",
    ) -> None:
        """Note the end, finish the recording, give the slot back.

        Without a recording store the recording is left to the stream that made it, or to the background job. Each step
        is tried whatever became of the others; that job repairs what a dead store prevented. `caller_id` lets the slot
        go even if the call has no record: the caller hung up before audio flowed.
        With a `stream_id`, nothing is done if the call goes on in a later stream: a task may notice seconds after the
        caller came back that a stream is lost.
        """
        now = self._clock()
        for pause_seconds in (*self._pauses_seconds, None):
            # Asked before every attempt: while nothing could be noted, the caller may have come back.
            if caller_id is not None and not await self._release(caller_id, slot, stream_id):
                logger.info("call_goes_on_in_another_stream", call_sid=call_sid)
                return
            try:
                call = await self._calls.close(call_sid, ended_at=now, reason=reason, has_failed=has_failed)
            except StoreUnavailable:
                await self._wait_for_store(call_sid, pause_seconds)
            else:
                break
        else:
            return
        if call is None:
            return
        if caller_id is None:
            await self._release(call.caller_id, slot, stream_id)
        await self._finish_recording(call)
        if call.ended_at == now:
            await tell_end(self._events, call)

    async def _wait_for_store(self, call_sid: str, pause_seconds: float | None) -> None:
        """None: there is no further attempt, and the end is left to the background job."""
        if pause_seconds is None:
            count("call_ends_not_kept")
            logger.exception("call_end_not_kept", call_sid=call_sid)
            return
        logger.warning("call_end_waits_for_store", call_sid=call_sid)
        # Spread: what ended in an outage must not come all at once after it.
        await self._sleep(pause_seconds * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    async def _release(self, caller_id: str, slot: str, stream_id: str) -> bool:
        try:
            return await self._slots.release(caller_id, slot, holder=stream_id)
        except StoreUnavailable:
            logger.warning("call_slot_not_released", slot=slot)
            return True

    async def _finish_recording(self, call: Call) -> None:
        if self._recordings is None:
            return
        try:
            finished = await self._recordings.assemble(call.call_sid, started_at=call.started_at)
            if finished is not None:
                key, duration_ms = finished
                await self._calls.attach_recording(call.call_sid, key=key, duration_ms=duration_ms)
        except StoreUnavailable:
            logger.exception("recording_not_finished", call_sid=call.call_sid)


async def note_end(calls: CallStore, events: EventPublisher, call_sid: str, *, at: datetime, reason: str) -> bool:
    """Put the end on record before the call is cut, and tell it; False when an end was noted before.

    Raises:
        StoreUnavailable: not noted.
    """
    call = await calls.close(call_sid, ended_at=at, reason=reason)
    if call is None or call.ended_at != at:
        return False
    await tell_end(events, call)
    return True


async def tell_end(events: EventPublisher, call: Call) -> None:
    """Tell whoever watches that the call is over; for the one who noted the end, since it is noted once."""
    await events.publish(
        PlatformEvent(
            type=EventType.CALL_ENDED,
            at=call.ended_at or call.started_at,
            conversation_id=call.conversation_id,
            key=call.key,
            data={"call_sid": call.call_sid, "reason": call.end_reason},
        )
    )
    logger.info("call_ended", call_sid=call.call_sid, reason=call.end_reason, state=call.state.value)
