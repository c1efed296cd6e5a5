"""What the service tells about itself while it runs: calls in progress, capacity, and how late its event loop is."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Sized

from shared import observability
from shared.adapters.postgres.turnstile import PoolUse
from shared.errors import StoreUnavailable
from shared.ports.live_tasks import LiveTask, LiveTasks
from stream_service.live_calls import LiveCalls

REPORT_SECONDS = 10
REPORTS_PER_METRIC = 6
"""The alarms add up what all tasks measure in a minute, so each measures once a minute."""


class Heartbeat:
    """Reports every ten seconds to whoever watches live, and once a minute as metrics."""

    def __init__(
        self,
        live_calls: LiveCalls,
        live_tasks: LiveTasks,
        update_sockets: Sized = (),
        *,
        pool_use: Callable[[], PoolUse] = lambda: PoolUse(0, 0),
    ) -> None:
        """`pool_use` tells how busy the database's connections were since it was asked last."""
        self._live_calls = live_calls
        self._update_sockets = update_sockets
        self._pool_use = pool_use
        self._live_tasks = live_tasks
        self._task_id = uuid.uuid4().hex

    async def run(self) -> None:
        """Report for as long as the service runs, and take leave when it stops."""
        try:
            reports = 0
            while True:
                due = time.monotonic() + REPORT_SECONDS
                await asyncio.sleep(REPORT_SECONDS)
                lag_ms = max(0.0, (time.monotonic() - due) * 1000)
                observability.measure("event_loop_lag", lag_ms)
                await self._report(lag_ms)
                reports += 1
                if reports % REPORTS_PER_METRIC == 0:
                    self._measure()
        finally:
            with contextlib.suppress(StoreUnavailable):
                await self._live_tasks.leave(self._task_id)

    async def _report(self, lag_ms: float) -> None:
        task = LiveTask(
            task_id=self._task_id,
            active_calls=self._live_calls.active,
            capacity=self._live_calls.capacity,
            loop_lag_ms=round(lag_ms, 1),
            is_draining=self._live_calls.is_draining,
        )
        try:
            await self._live_tasks.report(task)
        except StoreUnavailable:
            observability.logger.warning("live_report_lost")

    def _measure(self) -> None:
        """A draining task measures no calls: it takes none any more, and its empty places are no capacity."""
        observability.count("update_sockets", len(self._update_sockets))
        connections = self._pool_use()
        observability.count("database_connections_in_use", connections.in_use)
        observability.count("database_waiting", connections.waiting)
        if not self._live_calls.is_draining:
            observability.count("active_calls", self._live_calls.active)
            observability.count("call_capacity", self._live_calls.capacity)
        observability.flush_metrics()
