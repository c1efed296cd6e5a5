"""What a task does until its stores answer: a task that gave up at once would only be started anew."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shared.errors import StoreUnavailable
from shared.observability import logger

PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.5


async def until_stores_answer(
    ask: Callable[[], Awaitable[object]],
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    pause_seconds: float = _PAUSE_SECONDS,
) -> None:
    """Ask until there is an answer.

    Raises:
        StoreUnavailable: there was none within the patience.
    """
    loop = asyncio.get_running_loop()
    gives_up_at = loop.time() + patience_seconds
    while True:
        try:
            await ask()
        except StoreUnavailable:
            if loop.time() + pause_seconds >= gives_up_at:
                raise
            logger.warning("stores_not_ready")
            await asyncio.sleep(pause_seconds)
        else:
            return
