"""The last seconds of a call's audio by position, to be sent once and, after a lost connection, once more."""

from __future__ import annotations

from stream_service.media.audio import BYTES_PER_MS


class CallAudio:
    """A bounded window over the caller's audio. Positions count milliseconds from the start of the call.

    When the window is full the oldest audio leaves it; what of that was never sent is lost and counted.
    """

    def __init__(self, *, longest_ms: int) -> None:
        self._window = bytearray()
        self._longest_bytes = longest_ms * BYTES_PER_MS
        self._first_byte = 0
        self._sent_bytes = 0
        self._lost_bytes = 0

    @property
    def heard_ms(self) -> int:
        """The position after the newest audio."""
        return (self._first_byte + len(self._window)) // BYTES_PER_MS

    @property
    def sent_ms(self) -> int:
        """The position after the audio sent last."""
        return self._sent_bytes // BYTES_PER_MS

    @property
    def unsent_ms(self) -> int:
        """How much audio waits to be sent."""
        return (self._first_byte + len(self._window) - self._sent_bytes) // BYTES_PER_MS

    @property
    def lost_ms(self) -> int:
        """How much audio left the window unsent, since the start of the call."""
        return self._lost_bytes // BYTES_PER_MS

    def append(self, mulaw: bytes) -> None:
        """Add the newest audio."""
        self._window += mulaw
        excess = len(self._window) - self._longest_bytes
        if excess > 0:
            del self._window[:excess]
            self._first_byte += excess
            if self._sent_bytes < self._first_byte:
                self._lost_bytes += self._first_byte - self._sent_bytes
                self._sent_bytes = self._first_byte

    def take(self, *, longest_ms: int) -> bytes:
        """The next unsent audio, now taken as sent; empty when there is none."""
        start = self._sent_bytes - self._first_byte
        taken = bytes(self._window[start : start + longest_ms * BYTES_PER_MS])
        self._sent_bytes += len(taken)
        return taken

    def send_again_from(self, position_ms: int) -> None:
        """Take everything from a position on as unsent, as far as the window reaches back."""
        end = self._first_byte + len(self._window)
        self._sent_bytes = min(max(position_ms * BYTES_PER_MS, self._first_byte), end)
