"""The audio of what a caller is saying: the speech with a little of what surrounds it, without the long silences."""

from __future__ import annotations

from stream_service.media.audio import BYTES_PER_MS

# Recognisers need the breath before the first word and the fading of the last; detectors notice speech late.
_SURROUNDING_BYTES = 300 * BYTES_PER_MS


class UtteranceAudio:
    """Gathers one utterance (mu-law, 8 kHz) from frames that a voice activity detector has judged."""

    def __init__(self) -> None:
        self.audio = bytearray()
        self.speech_bytes = 0
        self._before = bytearray()
        self._after_bytes = 0

    @property
    def speech_ms(self) -> int:
        """How much of the audio was judged to be speech."""
        return self.speech_bytes // BYTES_PER_MS

    def feed(self, mulaw: bytes, *, is_speech: bool) -> None:
        """Keep speech, and up to 300 ms on either side of it; of a longer silence the middle is dropped."""
        if is_speech:
            self.audio += self._before + mulaw
            self.speech_bytes += len(mulaw)
            self._before.clear()
            self._after_bytes = 0
        elif self.speech_bytes and self._after_bytes < _SURROUNDING_BYTES:
            self.audio += mulaw
            self._after_bytes += len(mulaw)
        else:
            self._before += mulaw
            del self._before[:-_SURROUNDING_BYTES]

    def cut(self, offset: int) -> bytes:
        """Take the audio before `offset` away and return it; what follows is the rest of the same utterance."""
        window = bytes(self.audio[:offset])
        del self.audio[:offset]
        self.speech_bytes = min(self.speech_bytes, len(self.audio))
        return window

    def forget(self) -> None:
        """Start anew; only the lead-in of the next utterance is kept."""
        self.audio.clear()
        self.speech_bytes = 0
        self._after_bytes = 0
