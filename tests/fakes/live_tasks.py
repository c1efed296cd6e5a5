"""LiveTasks in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.ports.live_tasks import LIFE_SECONDS, LiveTask


class FakeLiveTasks:
    """Implements `LiveTasks`."""

    def __init__(self, clock: Callable[[], datetime], *, life_seconds: float = LIFE_SECONDS) -> None:
        self._clock = clock
        self._life = timedelta(seconds=life_seconds)
        self._reports: dict[str, tuple[LiveTask, datetime]] = {}

    def living(self, life_seconds: float) -> FakeLiveTasks:
        """The same reports; new ones live so long."""
        other = FakeLiveTasks(self._clock, life_seconds=life_seconds)
        other._reports = self._reports
        return other

    async def report(self, task: LiveTask) -> None:
        self._reports[task.task_id] = (task, self._clock() + self._life)

    async def leave(self, task_id: str) -> None:
        self._reports.pop(task_id, None)

    async def all(self) -> tuple[LiveTask, ...]:
        live = (task for task, dies_at in self._reports.values() if dies_at > self._clock())
        return tuple(sorted(live, key=lambda task: task.task_id))
