"""An HTTP client whose requests may be cancelled at any moment without losing a connection of its pool.

httpcore gives a connection back by ways that lead through `await`: a task that is cancelled just there, between
connecting and sending or while a response is closed, leaves a connection behind that is never used and never closed.
When the pool is full of them, nothing can be sent any more until the process ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx

_SENDING = "http11.send_request_headers.started"
_CLOSING = "http11.response_closed.started"

Trace = Callable[[str, dict[str, Any]], Awaitable[None]]


class _Abandoned(Exception):
    """Whoever asked is gone, and nothing was sent yet."""


class CancellableClient(httpx.AsyncClient):
    """Sends in a task of its own. Cancelled before a byte was sent, it sends none; after that, it breaks off."""

    def __init__(self, **options: Any) -> None:
        """`options` are those of `httpx.AsyncClient`."""
        super().__init__(**options)
        self._left_behind: set[asyncio.Task[Any]] = set()

    async def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        """See `httpx.AsyncClient.send`."""
        progress = _Progress(request.extensions.get("trace"))
        request.extensions = {**request.extensions, "trace": progress}
        sending = asyncio.create_task(super().send(request, stream=stream, **options))
        try:
            response = await asyncio.shield(sending)
        except asyncio.CancelledError:
            self._leave(sending, progress)
            raise
        if stream:
            response.stream = _ClosedWhole(response.stream, self._left_behind)
        return response

    def _leave(self, sending: asyncio.Task[httpx.Response], progress: _Progress) -> None:
        self._left_behind.add(sending)
        sending.add_done_callback(self._dispose)
        progress.is_abandoned = True
        if progress.may_be_cut:
            sending.cancel()

    def _dispose(self, sending: asyncio.Task[httpx.Response]) -> None:
        self._left_behind.discard(sending)
        if not sending.cancelled() and sending.exception() is None:
            closing = asyncio.create_task(sending.result().aclose())
            self._left_behind.add(closing)
            closing.add_done_callback(self._left_behind.discard)


class _Progress:
    """Where a request is, as httpcore tells it. Source: httpcore, "Extensions: trace"."""

    def __init__(self, listener: Trace | None) -> None:
        self._listener = listener
        self.may_be_cut = False
        """Whether httpcore is at a place where a cancelled task closes its connection."""
        self.is_abandoned = False

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        if self._listener is not None:
            await self._listener(event, info)
        if event == _SENDING:
            if self.is_abandoned:
                raise _Abandoned
            self.may_be_cut = True
        elif event == _CLOSING:
            self.may_be_cut = False


class _ClosedWhole(httpx.AsyncByteStream):
    """A body whose closing is not cut short, whatever becomes of the task that closes it."""

    def __init__(self, stream: httpx.AsyncByteStream | httpx.SyncByteStream, kept: set[asyncio.Task[Any]]) -> None:
        assert isinstance(stream, httpx.AsyncByteStream)
        self._stream = stream
        self._kept = kept

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        closing = asyncio.create_task(self._stream.aclose())
        self._kept.add(closing)
        closing.add_done_callback(self._kept.discard)
        await asyncio.shield(closing)
