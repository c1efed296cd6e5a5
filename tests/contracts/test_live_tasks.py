"""What every LiveTasks promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.adapters.redis.live_tasks import RedisLiveTasks
from shared.ports.live_tasks import LIFE_SECONDS, LiveTask, LiveTasks
from tests.contracts.conftest import REAL
from tests.fakes.clock import FrozenClock
from tests.fakes.live_tasks import FakeLiveTasks

Make = Callable[[float], LiveTasks]
TASK = LiveTask(task_id="task-1", active_calls=3, capacity=50, loop_lag_ms=1.25, is_draining=False)


@pytest.fixture(params=["fake", REAL])
def make(request: pytest.FixtureRequest, clock: FrozenClock) -> Make:
    """Tasks whose reports live so many seconds."""
    if request.param == "fake":
        fake = FakeLiveTasks(clock)
        # A life of its own for each, over the same reports.
        return fake.living
    cache = request.getfixturevalue("cache")
    return lambda life_seconds: RedisLiveTasks(cache, life_seconds=life_seconds)


async def test_no_task_is_live_before_one_reports(make: Make) -> None:
    assert await make(LIFE_SECONDS).all() == ()


async def test_a_task_is_known_by_its_last_report(make: Make) -> None:
    tasks = make(LIFE_SECONDS)
    await tasks.report(TASK)
    await tasks.report(replace(TASK, active_calls=4, is_draining=True))

    assert await tasks.all() == (replace(TASK, active_calls=4, is_draining=True),)


async def test_tasks_are_told_apart_and_sorted(make: Make) -> None:
    tasks = make(LIFE_SECONDS)
    other = replace(TASK, task_id="task-0", capacity=10)
    await tasks.report(TASK)
    await tasks.report(other)

    assert await tasks.all() == (other, TASK)


async def test_a_task_that_no_longer_reports_is_forgotten(make: Make) -> None:
    await make(LIFE_SECONDS).report(TASK)
    await make(0).report(replace(TASK, task_id="dead"))
    await make(LIFE_SECONDS).report(TASK)

    assert await make(LIFE_SECONDS).all() == (TASK,)


async def test_a_task_that_left_is_forgotten_at_once(make: Make) -> None:
    tasks = make(LIFE_SECONDS)
    await tasks.report(TASK)

    await tasks.leave("task-1")
    await tasks.leave("never-reported")

    assert await tasks.all() == ()
