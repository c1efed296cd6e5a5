"""How long a turn may keep a user waiting, however many agents, questions and tools it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

from shared.errors import ModelUnavailable

Piece = TypeVar("Piece")


class TurnTime:
    """The time that is left of a turn. Only waiting takes of it: a long answer may be spoken to its end."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self._left_seconds = seconds
        self._clock = clock

    async def bounded(self, pieces: AsyncIterator[Piece]) -> AsyncGenerator[Piece, None]:
        """Yield the pieces as they come.

        Raises:
            ModelUnavailable: the time is up; what was being done is cancelled.
        """
        while True:
            started = self._clock()
            try:
                async with asyncio.timeout(self._left_seconds):
                    piece = await anext(pieces)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise ModelUnavailable("the turn takes too long") from error
            finally:
                self._left_seconds -= self._clock() - started
            yield piece


@dataclass(frozen=True, slots=True, kw_only=True)
class LongestTurn:
    """Seconds of waiting in a whole turn: of a caller who hears fillers meanwhile, of somebody who looks at a chat."""

    spoken_seconds: float = 20.0
    written_seconds: float = 40.0

    def of(self, *, is_spoken: bool) -> TurnTime:
        """The time of a turn that begins now."""
        return TurnTime(self.spoken_seconds if is_spoken else self.written_seconds)
