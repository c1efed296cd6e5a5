"""What Twilio does with the audio it is sent: keeps it, plays it in real time, echoes marks when they are reached."""

from __future__ import annotations

from collections import deque

from stream_service.media.audio import BYTES_PER_MS, MULAW_SILENCE

LONGEST_BUFFER_MS = 10 * 60 * 1000
"""More than this is dropped; a server that buffers ten minutes ahead is broken. Twilio names no figure."""


class PlaybackBuffer:
    """The queue of audio and marks of one stream; positions are samples of 8 kHz on the call's clock.

    Feed it what the server sends and the passing of time; it returns the marks to echo. No clock, no input or output.
    """

    def __init__(self, *, position: int = 0) -> None:
        self._position = position
        self._queue: deque[bytes | str] = deque()
        self._queued_bytes = 0
        self.dropped_bytes = 0

    @property
    def position(self) -> int:
        """Samples played so far, silence included."""
        return self._position

    @property
    def queued_ms(self) -> int:
        """Audio that waits to be played."""
        return self._queued_bytes // BYTES_PER_MS

    def queue_audio(self, mulaw: bytes) -> None:
        """Play this after everything queued before it; what exceeds the buffer is dropped and counted."""
        room = LONGEST_BUFFER_MS * BYTES_PER_MS - self._queued_bytes
        kept = mulaw[: max(room, 0)]
        self.dropped_bytes += len(mulaw) - len(kept)
        if kept:
            self._queue.append(kept)
            self._queued_bytes += len(kept)

    def queue_mark(self, name: str) -> None:
        """Echo this name when everything queued before it was played; at the next `advance` if nothing is."""
        self._queue.append(name)

    def clear(self) -> list[str]:
        """Forget all audio and return every pending mark, which Twilio echoes at once though nobody heard its audio."""
        marks = [entry for entry in self._queue if isinstance(entry, str)]
        self._queue.clear()
        self._queued_bytes = 0
        return marks

    def advance(self, position: int) -> tuple[bytes, list[str]]:
        """Play up to `position`; returns what was heard since the last call, gaps as silence, and the marks reached."""
        wanted = max(position - self._position, 0)
        heard = bytearray()
        marks: list[str] = []
        while self._queue:
            entry = self._queue[0]
            if isinstance(entry, str):
                marks.append(entry)
                self._queue.popleft()
                continue
            missing = wanted - len(heard)
            if missing == 0:
                break
            heard += entry[:missing]
            if len(entry) > missing:
                self._queue[0] = entry[missing:]
            else:
                self._queue.popleft()
        self._queued_bytes -= len(heard)
        heard += bytes([MULAW_SILENCE]) * (wanted - len(heard))
        self._position += wanted
        return bytes(heard), marks
