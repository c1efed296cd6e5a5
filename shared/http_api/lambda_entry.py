"""Runs an ASGI application as a Lambda function behind the load balancer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from mangum import Mangum
from mangum.types import ASGI, LambdaContext, LambdaEvent

from shared import lambda_runtime, tracing

Entry = Callable[[LambdaEvent, LambdaContext], dict[str, Any]]


def lambda_entry(application: ASGI) -> Entry:
    """A Lambda handler for the application. Lifespan is off: what lives long is built when the module is loaded.

    Every invocation runs on the environment's event loop, because pooled connections belong to the loop that opened
    them.
    """

    def entry(event: LambdaEvent, context: LambdaContext) -> dict[str, Any]:
        # Mangum runs on the thread's current loop, and makes one of its own when it is made before there is any.
        asyncio.set_event_loop(lambda_runtime.run(_running_loop()))
        try:
            return Mangum(application, lifespan="off")(event, context)
        finally:
            tracing.finish(tracing.FINISH_SECONDS)

    return entry


async def _running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
