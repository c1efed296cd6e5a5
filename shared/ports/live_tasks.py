"""What each task of the stream service is doing right now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

LIFE_SECONDS = 30
"""A task that has not reported for so long is taken to be gone; report at least three times as often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTask:
    """One task by its own last report.

    Attributes:
        loop_lag_ms: how late its event loop was lately; audio stutters when this grows.
        is_draining: finishes its calls and takes no new ones.
    """

    task_id: str
    active_calls: int
    capacity: int
    loop_lag_ms: float
    is_draining: bool


class LiveTasks(Protocol):
    """Knows the tasks that reported lately."""

    async def report(self, task: LiveTask) -> None:
        """Say what the task is doing; replaces its report before.

        Raises:
            StoreUnavailable: not noted; the next report will do.
        """

    async def leave(self, task_id: str) -> None:
        """The task stops; leaving without having reported is fine.

        Raises:
            StoreUnavailable: not noted; the task is forgotten later.
        """

    async def all(self) -> tuple[LiveTask, ...]:
        """The tasks that reported within `LIFE_SECONDS`, by their ids.

        Raises:
            StoreUnavailable: not known.
        """
