"""Telephone audio: mu-law and PCM, frames of 20 ms, and the sink that plays them."""

from __future__ import annotations

import audioop
from typing import Protocol

SAMPLE_RATE_HZ = 8000
BYTES_PER_MS = SAMPLE_RATE_HZ // 1000
"""Of mu-law audio: one byte a sample, one channel."""

FRAME_MS = 20
FRAME_BYTES = FRAME_MS * BYTES_PER_MS
MULAW_SILENCE = 0xFF


class AudioSink(Protocol):
    """Where an agent's voice goes: the caller's ear, after everything that was sent before."""

    def play(self, mulaw: bytes) -> None:
        """Queue mu-law audio (8 kHz, mono, any length) for playing. Never blocks."""

    def mark(self, name: str) -> None:
        """Ask to be told when everything queued so far was played."""

    def clear(self) -> None:
        """Drop everything that was queued and not yet played."""


def decode_mulaw(payload: bytes) -> bytes:
    """Expand 8-bit mu-law to signed 16-bit little-endian PCM, mono, same rate.

    The result is twice as long as `payload`. Source: ITU-T G.711.
    """
    return audioop.ulaw2lin(payload, 2)


def encode_mulaw(pcm: bytes) -> bytes:
    """Compress signed 16-bit little-endian PCM, mono, to 8-bit mu-law, same rate. Source: ITU-T G.711."""
    return audioop.lin2ulaw(pcm, 2)


def duration_ms(mulaw: bytes) -> int:
    """How long mu-law audio at 8 kHz plays."""
    return len(mulaw) // BYTES_PER_MS
