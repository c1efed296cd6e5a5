"""The stream service's routes and its life: warm up before it is healthy, drain before it stops."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared import errors, tracing
from shared.http_contract import HTTPResponse, encode_envelope, failure, success
from shared.observability import flush_metrics
from stream_service.heartbeat import Heartbeat
from stream_service.live_calls import LiveCalls
from stream_service.media_endpoint import MediaEndpoint, request_id
from stream_service.task_protection import ProtectWhileCalled
from stream_service.updates.service import UpdatesService
from stream_service.upgrade import MEDIA_STATE, UPDATES_STATE

# The last calls are over by now, and the time that the task has to stop in is longer.
_LAST_SPANS_SECONDS = 2.0

WarmUp = Callable[[], Awaitable[None]]


def create_app(
    media: MediaEndpoint,
    live_calls: LiveCalls,
    heartbeat: Heartbeat,
    warm_up: WarmUp,
    *,
    protection: ProtectWhileCalled | None = None,
    let_go: Callable[[], None] = lambda: None,
    updates: UpdatesService | None = None,
    console: Sequence[Route] = (),
) -> Starlette:
    """The ASGI application; it accepts no connection before `warm_up` is through, and calls `let_go` at its end.

    Outside ECS nothing protects it.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[dict[str, Any], None]:
        await warm_up()
        # What is loaded by now stays for good: the collector need not look at it while calls are served.
        gc.collect()
        gc.freeze()
        _give_back_memory()
        background = {asyncio.create_task(heartbeat.run())}
        if protection is not None:
            background.add(asyncio.create_task(protection.run()))
        state: dict[str, Any] = {MEDIA_STATE: media}
        if updates is not None:
            background.add(asyncio.create_task(updates.run()))
            state[UPDATES_STATE] = updates.door
        yield state
        for task in background:
            task.cancel()
        await asyncio.wait(background)
        let_go()
        flush_metrics()
        tracing.finish(_LAST_SPANS_SECONDS)

    async def health(_request: Request) -> Response:
        # 200 while draining too: a load balancer that sees an unhealthy task would cut its calls.
        return _json(
            encode_envelope(
                success(
                    {
                        "draining": live_calls.is_draining,
                        "active_calls": live_calls.active,
                        "capacity": live_calls.capacity,
                    }
                )
            )
        )

    return Starlette(
        routes=[
            Route("/health/stream", health),
            Route("/media/{token}", _refuse_plain_stream),
            Route("/updates", _refuse_plain_updates),
            *console,
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: _explain},
    )


async def _refuse_plain_stream(request: Request) -> Response:
    return _failure(errors.Unauthenticated("Only signed WebSocket upgrades are taken here."), request)


async def _refuse_plain_updates(request: Request) -> Response:
    # Whatever ticket comes with it: it lets a WebSocket in and nothing else.
    return _failure(errors.Unauthenticated("Open a WebSocket here, with a ticket."), request)


def _failure(error: errors.PlatformError, request: Request) -> Response:
    answer = HTTPResponse.failure(error, request_id=request_id(request.headers))
    return _json(answer.body, status=answer.status, headers=answer.headers)


def _give_back_memory() -> None:
    """Return to the system what reading the models took and nothing needs any more; the C library would keep it."""
    with contextlib.suppress(AttributeError, OSError):  # Only the GNU library has it.
        ctypes.CDLL(None).malloc_trim(0)


async def _explain(request: Request, error: Exception) -> Response:
    # Starlette types every handler's argument as Exception; it only calls this one with an HTTPException.
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "error")
    envelope = failure(code, error.detail, request_id=request_id(request.headers))
    return _json(encode_envelope(envelope), status=error.status_code, headers=error.headers)


def _json(body: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status_code=status, media_type="application/json", headers=headers)
