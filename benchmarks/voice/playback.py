"""What Twilio does with the audio it is sent: plays it in real time and echoes marks when they are reached. No clock.

Times are whole nanoseconds, in which a sample of 8 kHz lasts exactly 125 000; nothing is done per sample or per frame.
"""

from __future__ import annotations

from collections import deque

from stream_service.media.audio import SAMPLE_RATE_HZ

NS_PER_MS = 1_000_000
NS_PER_BYTE = 1_000_000_000 // SAMPLE_RATE_HZ


class Playback:
    """The queue of audio and marks of one stream. Source: Twilio, "Media Streams: WebSocket messages"."""

    def __init__(self) -> None:
        self._ends_ns = 0
        self._marks: deque[tuple[int, str]] = deque()

    @property
    def next_mark_ns(self) -> int | None:
        """When the next mark is reached, if nothing is cleared before."""
        return self._marks[0][0] if self._marks else None

    def queued_ns(self, *, at_ns: int) -> int:
        """How long the audio that waits will play."""
        return max(0, self._ends_ns - at_ns)

    def play(self, length_bytes: int, *, at_ns: int) -> int:
        """Queue mu-law audio; returns when its first sample is heard."""
        starts_ns = max(at_ns, self._ends_ns)
        self._ends_ns = starts_ns + length_bytes * NS_PER_BYTE
        return starts_ns

    def mark(self, name: str, *, at_ns: int) -> None:
        """Echo this name when everything queued before it was played; at once if nothing is."""
        self._marks.append((max(at_ns, self._ends_ns), name))

    def reached(self, *, at_ns: int) -> list[str]:
        """The marks to echo now, in order; each is returned once."""
        names = []
        while self._marks and self._marks[0][0] <= at_ns:
            names.append(self._marks.popleft()[1])
        return names

    def clear(self, *, at_ns: int) -> list[str]:
        """Forget all audio; returns every pending mark, which Twilio echoes at once though nobody heard its audio."""
        names = [name for _, name in self._marks]
        self._marks.clear()
        self._ends_ns = min(self._ends_ns, at_ns)
        return names
