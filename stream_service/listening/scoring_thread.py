"""A thread that runs batches for the event loop, one at a time: one hop there and one back for each batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Result = TypeVar("Result")


class ScoringThread(Generic[Result]):
    """Starts with the first batch, ends with `close`; a batch that fails does not end it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._batches: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: Thread | None = None

    def run(self, batch: Callable[[], Result], then: Callable[[Result | Exception], None]) -> None:
        """Run `batch` in the thread, and call `then` on the running event loop with what it returned or raised."""
        loop = asyncio.get_running_loop()
        if self._thread is None:
            # A daemon: a process that must end does not wait for a score.
            self._thread = Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        self._batches.put(lambda: _report(loop, then, _outcome(batch)))

    def close(self) -> None:
        """End the thread behind the batches it was given, and wait for its end."""
        if self._thread is not None:
            self._batches.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while (work := self._batches.get()) is not None:
            work()


def _outcome(batch: Callable[[], Result]) -> Result | Exception:
    try:
        return batch()
    except Exception as error:  # noqa: BLE001 - the thread's entry point: whoever asked for the batch hears of it
        return error


def _report(
    loop: asyncio.AbstractEventLoop, then: Callable[[Result | Exception], None], outcome: Result | Exception
) -> None:
    # A loop that is closed, perhaps at this moment, has nobody left who waits for the outcome.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(then, outcome)
