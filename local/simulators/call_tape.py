"""Both directions of a call on one clock: what the caller said and what the caller heard."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

from local.simulators.ear import first_audible_ms, last_audible_ms
from stream_service.media.audio import BYTES_PER_MS, MULAW_SILENCE, SAMPLE_RATE_HZ, decode_mulaw


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A stretch of speech on the call's clock; start and end are its first and last audible sample."""

    start_ms: int
    end_ms: int
    mulaw: bytes


class CallTape:
    """Two tracks of mu-law; a sample's index is its time. Filled while the call runs, gaps are silence."""

    def __init__(self) -> None:
        self.said = bytearray()
        self.heard = bytearray()

    def record_said(self, mulaw: bytes, *, position: int) -> None:
        """Put the caller's audio at `position` (samples on the call's clock)."""
        _append(self.said, mulaw, position)

    def record_heard(self, mulaw: bytes, *, position: int) -> None:
        """Put what came out of the earpiece at `position` (samples on the call's clock)."""
        _append(self.heard, mulaw, position)

    def heard_between(self, start_ms: int, end_ms: int | None = None) -> Utterance | None:
        """The audible part of what was heard in that time; None when it was silence."""
        stretch = bytes(self.heard[start_ms * BYTES_PER_MS : None if end_ms is None else end_ms * BYTES_PER_MS])
        return audible_part(stretch, starts_at_ms=start_ms)

    def save_stereo(self, path: Path) -> None:
        """Write a 16-bit WAV: the caller left, the agent right."""
        length = max(len(self.said), len(self.heard))
        left = decode_mulaw(bytes(self.said).ljust(length, bytes([MULAW_SILENCE])))
        right = decode_mulaw(bytes(self.heard).ljust(length, bytes([MULAW_SILENCE])))
        interleaved = bytearray(4 * length)
        for byte in range(2):
            interleaved[byte::4] = left[byte::2]
            interleaved[2 + byte :: 4] = right[byte::2]
        write_wav(path, bytes(interleaved), channels=2)


def audible_part(mulaw: bytes, *, starts_at_ms: int) -> Utterance | None:
    """The stretch from the first to the last audible sample; None when all is silence."""
    first, last = first_audible_ms(mulaw), last_audible_ms(mulaw)
    if first is None or last is None:
        return None
    return Utterance(
        start_ms=starts_at_ms + first,
        end_ms=starts_at_ms + last,
        mulaw=mulaw[first * BYTES_PER_MS : last * BYTES_PER_MS],
    )


def write_wav(path: Path, pcm: bytes, *, channels: int) -> None:
    """Write 16-bit PCM at 8 kHz, creating the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm)


def _append(track: bytearray, mulaw: bytes, position: int) -> None:
    if position > len(track):
        track += bytes([MULAW_SILENCE]) * (position - len(track))
    track += mulaw
