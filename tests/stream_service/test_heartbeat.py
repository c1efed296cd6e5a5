"""What the service tells about itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.adapters.postgres.turnstile import PoolUse
from stream_service import heartbeat
from stream_service.heartbeat import Heartbeat
from stream_service.live_calls import LiveCalls
from tests.fakes.clock import FrozenClock
from tests.fakes.live_tasks import FakeLiveTasks


@pytest.fixture(autouse=True)
def _reports_follow_each_other_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "REPORT_SECONDS", 0)
    monkeypatch.setattr(heartbeat, "REPORTS_PER_METRIC", 1)


@asynccontextmanager
async def beating(live_calls: LiveCalls, live_tasks: FakeLiveTasks) -> AsyncGenerator[None, None]:
    """A service that has reported several times, and stops afterwards."""
    running = asyncio.create_task(Heartbeat(live_calls, live_tasks).run())
    for _ in range(20):
        await asyncio.sleep(0)
    yield
    running.cancel()
    await asyncio.wait({running})


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The first metrics that were written."""
    metrics: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[0])
    return metrics


@pytest.mark.requirement("9.2")
async def test_calls_and_capacity_are_measured(clock: FrozenClock, capsys: pytest.CaptureFixture[str]) -> None:
    live_calls = LiveCalls(capacity=50)

    with live_calls.admit(), live_calls.admit():
        async with beating(live_calls, FakeLiveTasks(clock)):
            pass

    metrics = measured(capsys)
    assert (metrics["active_calls"], metrics["call_capacity"]) == ([2.0], [50.0])


@pytest.mark.requirement("10.6")
async def test_connections_in_use_and_callers_that_wait_for_one_are_measured(
    clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Heartbeat(LiveCalls(capacity=50), FakeLiveTasks(clock), pool_use=lambda: PoolUse(in_use=20, waiting=7))
    running = asyncio.create_task(service.run())
    for _ in range(20):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})

    metrics = measured(capsys)
    assert (metrics["database_connections_in_use"], metrics["database_waiting"]) == ([20.0], [7.0])


async def test_open_updates_sockets_are_measured(clock: FrozenClock, capsys: pytest.CaptureFixture[str]) -> None:
    running = asyncio.create_task(Heartbeat(LiveCalls(capacity=50), FakeLiveTasks(clock), ["one", "other"]).run())
    for _ in range(20):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})

    assert measured(capsys)["update_sockets"] == [2.0]


async def test_a_draining_task_has_no_capacity(clock: FrozenClock, capsys: pytest.CaptureFixture[str]) -> None:
    live_calls = LiveCalls(capacity=50)
    live_calls.drain()

    async with beating(live_calls, FakeLiveTasks(clock)):
        pass

    metrics = measured(capsys)
    assert not {"active_calls", "call_capacity"} & metrics.keys()
    assert "event_loop_lag_ms" in metrics


async def test_who_watches_live_sees_the_task_until_it_stops(clock: FrozenClock) -> None:
    live_tasks = FakeLiveTasks(clock)
    live_calls = LiveCalls(capacity=50)

    async with beating(live_calls, live_tasks):
        (task,) = await live_tasks.all()

    assert (task.active_calls, task.capacity, task.is_draining) == (0, 50, False)
    assert await live_tasks.all() == ()


async def test_who_watches_live_sees_that_the_task_drains(clock: FrozenClock) -> None:
    live_tasks = FakeLiveTasks(clock)
    live_calls = LiveCalls(capacity=50)

    with live_calls.admit():
        live_calls.drain()
        async with beating(live_calls, live_tasks):
            (task,) = await live_tasks.all()

    assert (task.active_calls, task.is_draining) == (1, True)


async def test_how_late_the_loop_is_is_measured_with_every_report(
    clock: FrozenClock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "REPORTS_PER_METRIC", 3)

    async with beating(LiveCalls(capacity=50), FakeLiveTasks(clock)):
        pass

    metrics = measured(capsys)
    assert len(metrics["event_loop_lag_ms"]) == 3
    assert len(metrics["active_calls"]) == 1
