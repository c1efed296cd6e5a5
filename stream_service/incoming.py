"""What Twilio sends, from the first moment on: kept for a while until the call's session is ready to listen."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from shared.observability import logger
from stream_service.media.protocol import Connected, Start, Stop, StreamEvent

# Twenty seconds of frames: opening a call takes a fraction of one, and whoever waits longer is not being served.
_HELD_EVENTS = 1000


class IncomingStream:
    """The reader's end of a stream: takes events as they come, so that nothing that we wait for delays reading."""

    def __init__(self) -> None:
        self._held: deque[StreamEvent] = deque()
        self._listener: Callable[[StreamEvent], None] | None = None
        self._changed = asyncio.Event()
        self._start: Start | None = None
        self._is_over = False

    def on_event(self, event: StreamEvent) -> None:
        """Take the next event."""
        if isinstance(event, Start) and self._start is None:
            self._start = event
            self._changed.set()
        elif isinstance(event, Stop):
            self.end()
        elif self._listener is not None:
            self._listener(event)
        elif not isinstance(event, Connected):
            self._hold(event)

    def end(self) -> None:
        """Nothing more will come."""
        self._is_over = True
        self._changed.set()

    async def started(self) -> Start | None:
        """The stream's start; None when it was over before."""
        while self._start is None and not self._is_over:
            self._changed.clear()
            await self._changed.wait()
        return self._start

    def listen(self, listener: Callable[[StreamEvent], None]) -> None:
        """Hand over what came so far, and everything else as it comes."""
        while self._held:
            listener(self._held.popleft())
        self._listener = listener

    async def over(self) -> None:
        """Wait until nothing more comes."""
        while not self._is_over:
            self._changed.clear()
            await self._changed.wait()

    def _hold(self, event: StreamEvent) -> None:
        if len(self._held) == _HELD_EVENTS:
            logger.warning("early_audio_dropped")
            self._held.clear()
        self._held.append(event)
