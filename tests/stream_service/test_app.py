"""The service's life around its calls."""

from __future__ import annotations

import asyncio
from typing import cast

from stream_service.app import create_app
from stream_service.heartbeat import Heartbeat
from stream_service.live_calls import LiveCalls
from stream_service.media_endpoint import MediaEndpoint
from stream_service.task_protection import ProtectWhileCalled
from tests.fakes.clock import FrozenClock
from tests.fakes.live_tasks import FakeLiveTasks
from tests.stream_service.test_task_protection import FakeProtection


async def test_the_task_is_protected_while_the_service_has_calls_and_let_go_when_it_stops() -> None:
    live_calls, agent = LiveCalls(capacity=5), FakeProtection()
    door = cast("MediaEndpoint", object())  # nobody comes through it here

    async def warm_up() -> None:
        """Nothing to load."""

    app = create_app(
        door,
        live_calls,
        Heartbeat(live_calls, FakeLiveTasks(FrozenClock())),
        warm_up,
        protection=ProtectWhileCalled(live_calls, agent),
    )
    async with app.router.lifespan_context(app), asyncio.timeout(5):
        with live_calls.admit():
            claimed = await agent.asked.get()
        assert agent.asked.empty()

    assert claimed.startswith("claim")
    assert agent.asked.get_nowait() == "release"
