"""When a caller begins to hear an answer, and whether it comes in one piece."""

from __future__ import annotations

import audioop
import re
from dataclasses import dataclass

from benchmarks.voice.playback import NS_PER_BYTE, NS_PER_MS

CHOPPY_MS = 40
"""A longer silence inside an answer is noticed."""

_AUDIBLE_AMPLITUDE = 200
"""Of 32767: line noise stays below, speech and tones do not."""


def _is_audible(mulaw_byte: int) -> bool:
    pcm = audioop.ulaw2lin(bytes([mulaw_byte]), 2)
    return abs(int.from_bytes(pcm, "little", signed=True)) >= _AUDIBLE_AMPLITUDE


_LOUDNESS = bytes(_is_audible(value) for value in range(256))
_LONG_SILENCE = re.compile(rb"\x01(\x00{%d,})(?=\x01)" % (CHOPPY_MS * NS_PER_MS // NS_PER_BYTE))


@dataclass(slots=True)
class Heard:
    """One answer as it reached the ear; times are those at which samples are played."""

    first_ns: int | None = None
    last_ns: int = 0
    largest_gap_ns: int = 0

    def hear(self, mulaw: bytes, *, from_ns: int) -> None:
        """Take the next audio, whose first sample is played at `from_ns`. Silence that was sent is silence too."""
        loudness = mulaw.translate(_LOUDNESS)
        first = loudness.find(1)
        if first < 0:
            return
        first_ns = from_ns + first * NS_PER_BYTE
        if self.first_ns is None:
            self.first_ns = first_ns
        else:
            self.largest_gap_ns = max(self.largest_gap_ns, first_ns - self.last_ns)
        for silence in _LONG_SILENCE.finditer(loudness):
            self.largest_gap_ns = max(self.largest_gap_ns, len(silence[1]) * NS_PER_BYTE)
        self.last_ns = from_ns + (loudness.rfind(1) + 1) * NS_PER_BYTE

    @property
    def is_choppy(self) -> bool:
        """Whether a caller would notice a gap."""
        return self.largest_gap_ns > CHOPPY_MS * NS_PER_MS
