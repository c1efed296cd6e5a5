"""How serving ends: calls are finished first, and cut only when somebody insists."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import AsyncExitStack

import httpx
import pytest
from starlette.applications import Starlette
from websockets.exceptions import InvalidStatus

from stream_service.server import configure
from tests.stream_service.running_service import Echo, Service, closed, running, say


async def stopped(service: Service) -> bool:
    """Whether the server would stop now."""
    return await service.server.on_tick(1)


async def test_a_draining_server_finishes_its_call_and_then_stops() -> None:
    async with running() as service:
        async with service.open("token-1") as stream:
            await say(stream, "//8=")
            service.server.handle_exit(signal.SIGTERM, None)
            with pytest.raises(InvalidStatus) as refused:
                await service.open("another")
            assert refused.value.response.status_code == 503
            assert not await stopped(service)
            assert await say(stream, "//4=") == "//4="
        await service.no_calls()

        assert await stopped(service)


async def test_twenty_calls_outlive_the_order_to_stop_and_every_new_one_is_refused() -> None:
    tokens = tuple(f"token-{number}" for number in range(20))
    echo = Echo()

    async with running(capacity=30, tokens=(*tokens, "late"), serve=echo) as service:
        async with AsyncExitStack() as open_streams:
            streams = [await open_streams.enter_async_context(service.open(token)) for token in tokens]
            service.server.handle_exit(signal.SIGTERM, None)

            with pytest.raises(InvalidStatus) as refused:
                await service.open("late")
            heard = [await say(stream, "//4=") for stream in streams]
            for stream in streams:
                await stream.send(json.dumps({"event": "stop", "streamSid": "MZ1", "stop": {}}))
                await closed(stream)
        await service.no_calls()

        assert await stopped(service)

    assert refused.value.response.status_code == 503
    assert heard == ["//4="] * 20
    assert {stream.close_code for stream in streams} == {1000}
    assert echo.were_cut == [False] * 20


async def test_who_insists_on_stopping_cuts_the_calls_so_that_callers_come_back() -> None:
    echo = Echo()

    async with running(serve=echo) as service:
        stream = await service.open("token-1")
        await say(stream, "//8=")
        service.server.handle_exit(signal.SIGTERM, None)
        service.server.handle_exit(signal.SIGTERM, None)
        await closed(stream)
        service.server._captured_signals.clear()  # uvicorn raises them again when it is through

    assert stream.close_code == 1012
    assert echo.were_cut == [True]


async def test_health_says_what_goes_on() -> None:
    async with (
        running() as service,
        service.open("token-1") as stream,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        await say(stream, "//8=")
        service.server.handle_exit(signal.SIGTERM, None)
        answer = await client.get(f"http://127.0.0.1:{service.port}/health/stream")

    assert answer.status_code == 200
    assert answer.json()["data"] == {"draining": True, "active_calls": 1, "capacity": 5}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop")
def test_the_service_runs_on_uvloop() -> None:
    factory = configure(Starlette(), host="127.0.0.1", port=0).get_loop_factory()

    assert factory is not None
    loop = factory()
    loop.close()
    assert type(loop).__module__.startswith("uvloop")
