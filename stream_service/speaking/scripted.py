"""A voice that says everything as the same tone: for load tests and for tests of everything around it."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import AsyncGenerator

from shared.domain.voice import Voice
from stream_service.media.audio import BYTES_PER_MS, SAMPLE_RATE_HZ, encode_mulaw

_AMPLITUDE = 8000


class ScriptedSynthesizer:
    """Implements Synthesizer: any text sounds for `duration_ms`, in pieces of `piece_ms`, ready at once."""

    def __init__(self, *, duration_ms: int = 2000, tone_hz: int = 440, piece_ms: int = 200) -> None:
        self._tone = _tone(duration_ms, tone_hz)
        self._piece_bytes = piece_ms * BYTES_PER_MS

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:  # noqa: ARG002  every text sounds the same
        """Yield the tone; nothing for an empty text."""
        if not text.strip():
            return
        for start in range(0, len(self._tone), self._piece_bytes):
            yield self._tone[start : start + self._piece_bytes]
            # Let the other calls have their turn, as an engine that really waits would.
            await asyncio.sleep(0)


def _tone(duration_ms: int, tone_hz: int) -> bytes:
    steps = range(duration_ms * SAMPLE_RATE_HZ // 1000)
    samples = array("h", (round(_AMPLITUDE * math.sin(2 * math.pi * tone_hz * n / SAMPLE_RATE_HZ)) for n in steps))
    return encode_mulaw(samples.tobytes())
