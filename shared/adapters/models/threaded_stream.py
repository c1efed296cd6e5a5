"""A blocking stream of a vendor's library, read from the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


class ThreadedStream(Generic[Item]):
    """Opens a botocore event stream and reads it item by item in the threads of a pool.

    Closing never waits: what a thread is still doing is interrupted, and the stream is closed as soon as it is free.
    """

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._opening: Future[Any] | None = None
        self._reading: Future[Item | None] | None = None
        self._items: Iterator[Item] = iter(())

    async def open(self, call: Callable[[], Any]) -> None:
        """Run the blocking call that returns the stream."""
        self._opening = self._threads.submit(call)
        self._items = iter(await asyncio.wrap_future(self._opening))

    async def next(self) -> Item | None:
        """The next item as soon as it arrives; None at the end."""
        self._reading = self._threads.submit(next, self._items, None)
        return await asyncio.wrap_future(self._reading)

    def close(self) -> None:
        """Stop reading and give the connection up; safe to call at any time."""
        if self._opening is not None:
            self._opening.add_done_callback(self._close_opened)

    def _close_opened(self, opening: Future[Any]) -> None:
        if opening.cancelled() or opening.exception() is not None:
            return
        stream = opening.result()
        if self._reading is None or self._reading.done():
            stream.close()
            return
        # Closing a socket does not wake the thread that reads from it; shutting it down does.
        # botocore offers no such thing, so it is reached through the HTTP response that its stream wraps.
        with contextlib.suppress(AttributeError, OSError, RuntimeError, ValueError):
            stream._raw_stream.shutdown()  # noqa: SLF001
        self._reading.add_done_callback(lambda _: stream.close())
