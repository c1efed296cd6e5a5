"""What the caller is saying, kept until it was understood, so that another recogniser can hear it again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from stream_service.media.audio import BYTES_PER_MS

_LEAD_IN_BYTES = 300 * BYTES_PER_MS
_SLICE_BYTES = 100 * BYTES_PER_MS


class UtteranceReplay:
    """The newest utterance as it was fed: mu-law with the detector's view of it, and 300 ms of what came before.

    Of an utterance longer than `longest_ms` the beginning is forgotten.
    """

    def __init__(self, *, longest_ms: int = 30_000) -> None:
        self._longest_bytes = longest_ms * BYTES_PER_MS
        # Audio of one kind after the other, since a speaker changes between the two far less often than every 20 ms.
        self._runs: deque[tuple[bool, bytearray]] = deque()
        self._size_bytes = 0
        self.speech_bytes = 0

    def keep(self, mulaw: bytes, *, is_speech: bool) -> None:
        """Take the next audio, as it is given to a recogniser."""
        if not self._runs or self._runs[-1][0] != is_speech:
            self._runs.append((is_speech, bytearray()))
        self._runs[-1][1].extend(mulaw)
        self._size_bytes += len(mulaw)
        if is_speech:
            self.speech_bytes += len(mulaw)
        self._shorten(self._longest_bytes if self.speech_bytes else _LEAD_IN_BYTES)

    def slices(self) -> Iterator[tuple[bytes, bool]]:
        """All of it in order, as audio of at most 100 ms and whether it is speech."""
        for is_speech, audio in self._runs:
            for start in range(0, len(audio), _SLICE_BYTES):
                yield bytes(audio[start : start + _SLICE_BYTES]), is_speech

    def forget(self) -> None:
        """The utterance was understood, or was none."""
        self._runs.clear()
        self._size_bytes = 0
        self.speech_bytes = 0

    def _shorten(self, longest_bytes: int) -> None:
        while (excess := self._size_bytes - longest_bytes) > 0:
            is_speech, audio = self._runs[0]
            dropped = min(excess, len(audio))
            del audio[:dropped]
            self._size_bytes -= dropped
            if is_speech:
                self.speech_bytes -= dropped
            if not audio:
                self._runs.popleft()
