"""The service's life around its calls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import httpx
import pytest

from shared import tracing
from shared.domain.span import FinishedSpan
from shared.settings import load_settings
from stream_service.app import create_app
from stream_service.console_files import console_routes
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


async def test_the_last_spans_are_handed_over_before_the_service_stops() -> None:
    class Kept:
        """A sink that remembers names. Implements SpanSink."""

        names: list[str] = []  # noqa: RUF012 - of this test alone

        def write(self, service: str, spans: Sequence[FinishedSpan]) -> int:
            self.names += [span.name for span in spans]
            return 0

    async def warm_up() -> None:
        """Nothing to load."""

    kept, live_calls = Kept(), LiveCalls(capacity=5)
    heartbeat = Heartbeat(live_calls, FakeLiveTasks(FrozenClock()))
    app = create_app(cast("MediaEndpoint", object()), live_calls, heartbeat, warm_up)
    tracing.configure(kept, service="stream_service")
    try:
        async with app.router.lifespan_context(app):
            tracing.begin("call").end()
        names = list(kept.names)
    finally:
        tracing.configure(None)

    assert names == ["call"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/console/nothing.js", 404, "not_found"),
        ("POST", "/console/", 405, "method_not_allowed"),
        ("DELETE", "/health/stream", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_served_is_answered_in_the_envelope_with_the_id_of_the_request(
    tmp_path: Path, method: str, path: str, status: int, code: str
) -> None:
    live_calls = LiveCalls(capacity=5)
    settings = load_settings(
        {"PUBLIC_BASE_URL": "https://a.example", "DATABASE_URL": "postgresql://a", "REDIS_URL": "rediss://b"}
    )
    app = create_app(
        cast("MediaEndpoint", object()),
        live_calls,
        Heartbeat(live_calls, FakeLiveTasks(FrozenClock())),
        lambda: asyncio.sleep(0),
        console=console_routes(settings, tmp_path),
    )

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://a.example") as client:
        response = await client.request(method, path, headers={"x-amzn-trace-id": "Root=1-0a-0b"})

    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["request_id"] == "1-0a-0b"
    assert ("allow" in response.headers) is (status == 405)
