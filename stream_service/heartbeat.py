"""What the service tells about itself while it runs: calls in progress, capacity, and how late its event loop is."""

from __future__ import annotations

import asyncio
import time

from shared import observability
from stream_service.live_calls import LiveCalls

INTERVAL_SECONDS = 60
"""The alarms add up what all tasks report in a minute, so each reports once a minute."""


async def beat(live_calls: LiveCalls) -> None:
    """Report for as long as the service runs.

    A draining task reports no calls: it takes none any more, and its empty places are no capacity.
    """
    while True:
        due = time.monotonic() + INTERVAL_SECONDS
        await asyncio.sleep(INTERVAL_SECONDS)
        observability.measure("event_loop_lag", (time.monotonic() - due) * 1000)
        if not live_calls.is_draining:
            observability.count("active_calls", live_calls.active)
            observability.count("call_capacity", live_calls.capacity)
        observability.flush_metrics()
