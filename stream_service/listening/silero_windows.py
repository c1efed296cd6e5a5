"""From frames of any length to the windows that Silero listens to: 32 ms each, after the end of the one before."""

from __future__ import annotations

from collections.abc import Iterator

from stream_service.media.audio import BYTES_PER_MS, MULAW_SILENCE

# Shapes the model was trained with at 8 kHz; mu-law has one byte a sample.
WINDOW_BYTES = 256
CONTEXT_BYTES = 32
WINDOW_MS = WINDOW_BYTES // BYTES_PER_MS


class SileroWindows:
    """Cuts one call's mu-law audio into windows, each behind the last samples of the one before (4 ms)."""

    def __init__(self) -> None:
        self._audio = bytearray([MULAW_SILENCE]) * CONTEXT_BYTES

    def cut(self, mulaw: bytes) -> Iterator[bytes]:
        """Take audio of any length and yield every window it completes: 288 bytes, context first."""
        self._audio += mulaw
        while len(self._audio) >= CONTEXT_BYTES + WINDOW_BYTES:
            yield bytes(self._audio[: CONTEXT_BYTES + WINDOW_BYTES])
            del self._audio[:WINDOW_BYTES]
