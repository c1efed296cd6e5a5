"""Sound between a browser and a call that runs in real time: neither waits for the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from local.simulators.call_tape import CallTape
from local.simulators.ear import first_audible_ms
from local.simulators.handset import SILENT_FRAME
from stream_service.media.audio import FRAME_BYTES

FIRST_FRAMES = 3
"""So many wait before the first is let go, so that an unpunctual browser leaves no holes; 60 ms."""

COMFORTABLE_FRAMES = 6
"""When more wait, pauses in the speech are shortened until the delay is usual again."""

MOST_FRAMES = 50
"""When more wait the oldest are dropped: a second behind is no conversation."""


class JitterBuffer:
    """A microphone whose frames arrive irregularly; it is asked for one every 20 ms and answers silence without one."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._is_filling = True
        self.dropped = 0

    def put(self, frame: bytes) -> None:
        """Take 20 ms of mu-law."""
        self._frames.append(frame)
        if len(self._frames) > MOST_FRAMES:
            self._frames.popleft()
            self.dropped += 1

    def next_frame(self) -> bytes:
        """What is said in the next 20 ms."""
        if self._is_filling and len(self._frames) < FIRST_FRAMES:
            return SILENT_FRAME
        self._is_filling = not self._frames
        if self._is_filling:
            return SILENT_FRAME
        if len(self._frames) > COMFORTABLE_FRAMES and first_audible_ms(self._frames[0]) is None:
            self._frames.popleft()
        return self._frames.popleft()


class Earpiece(CallTape):
    """Passes on what is heard, in frames of 20 ms, and keeps nothing."""

    def __init__(self, play: Callable[[bytes], None]) -> None:
        super().__init__()
        self._play = play
        self._rest = bytearray()

    def record_said(self, mulaw: bytes, *, position: int) -> None:
        """The speaker knows it."""

    def record_heard(self, mulaw: bytes, *, position: int) -> None:  # noqa: ARG002 - what is heard is heard now.
        """Pass on every full frame."""
        self._rest += mulaw
        while len(self._rest) >= FRAME_BYTES:
            self._play(bytes(self._rest[:FRAME_BYTES]))
            del self._rest[:FRAME_BYTES]
