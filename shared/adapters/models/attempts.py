"""Asking a model again: only after a passing failure, and only while nothing of its answer was heard."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from shared.domain.prompt import ModelPiece
from shared.errors import ModelUnavailable

_PAUSE_SECONDS = (0.05, 0.2)


class PassingModelFailure(ModelUnavailable):
    """The model failed in a way that asking again may cure: throttled, overloaded, connection lost."""


async def stream_with_attempts(
    ask: Callable[[], AsyncGenerator[ModelPiece, None]], *, attempts: int
) -> AsyncGenerator[ModelPiece, None]:
    """Yield what `ask` yields; when it fails in passing before its first piece, ask again, `attempts` times in all.

    The pause between two attempts is short and random, since somebody is waiting for the answer.

    Raises:
        ModelUnavailable: the last failure.
    """
    for remaining in reversed(range(attempts)):
        has_begun = False
        try:
            async with aclosing(ask()) as pieces:
                async for piece in pieces:
                    has_begun = True
                    yield piece
        except PassingModelFailure:
            if has_begun or remaining == 0:
                raise
        else:
            return
        await asyncio.sleep(random.uniform(*_PAUSE_SECONDS))  # noqa: S311 - jitter, not a secret
