"""Where in telephone audio something can be heard."""

from __future__ import annotations

from stream_service.media.audio import BYTES_PER_MS, decode_mulaw

AUDIBLE_AMPLITUDE = 400
"""Of a 16-bit sample, about -38 dBFS: above the noise of a synthesised voice's pauses, below its quietest speech."""


def _audible_codes() -> bytes:
    """For every mu-law code, 1 when its sample can be heard, else 0: one table look-up per sample."""
    pcm = decode_mulaw(bytes(range(256)))
    samples = [int.from_bytes(pcm[2 * code : 2 * code + 2], "little", signed=True) for code in range(256)]
    return bytes(int(abs(sample) >= AUDIBLE_AMPLITUDE) for sample in samples)


_AUDIBLE = _audible_codes()


def first_audible_ms(mulaw: bytes) -> int | None:
    """Offset of the first sample that can be heard; None when all is silence."""
    index = mulaw.translate(_AUDIBLE).find(1)
    return None if index < 0 else index // BYTES_PER_MS


def last_audible_ms(mulaw: bytes) -> int | None:
    """Offset behind the last sample that can be heard; None when all is silence.

    Rounded up: who goes on listening from there must not hear the same sample again.
    """
    index = mulaw.translate(_AUDIBLE).rfind(1)
    return None if index < 0 else index // BYTES_PER_MS + 1


def audible_share(mulaw: bytes) -> float:
    """Share, 0..1, of the samples that can be heard; speech has some 0.3 to 0.6, silence 0."""
    return mulaw.translate(_AUDIBLE).count(1) / len(mulaw) if mulaw else 0.0
