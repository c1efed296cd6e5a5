"""Changes of sample rate between the telephone's 8 kHz and the engines' rates, by windowed-sinc filters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono audio, -1..1."""

_FULL_SCALE = 32768.0
_HALF_WIDTH_8K = 16
"""Taps on either side of the filter's centre, counted at 8 kHz: 2 ms of audio."""

# The telephone band ends at 3400 Hz; the filter is down by 40 dB at 4 kHz and flat to 3.3 kHz.
_CUTOFF_HZ = 3700


def pcm_to_samples(pcm: bytes) -> Samples:
    """Signed 16-bit little-endian PCM as numbers in -1..1."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(_FULL_SCALE)


def samples_to_pcm(samples: Samples) -> bytes:
    """Numbers in -1..1 as signed 16-bit little-endian PCM; louder ones are clipped."""
    scaled = np.rint(samples * np.float32(_FULL_SCALE))
    pcm: bytes = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes()
    return pcm


def upsample_8k_to_16k(samples: Samples) -> Samples:
    """Double the sample rate: the old samples stay, a new one is interpolated after each."""
    doubled = np.empty(2 * len(samples), dtype=np.float32)
    doubled[0::2] = samples
    doubled[1::2] = _filtered(samples, _BETWEEN_SAMPLES)
    return doubled


def downsample_24k_to_8k(samples: Samples) -> Samples:
    """Keep the telephone band and every third sample."""
    return _filtered(samples, _TELEPHONE_BAND)[::3].copy()


def _filtered(samples: Samples, taps: Samples) -> Samples:
    """The samples through a filter, with its delay taken out; silence is assumed before and after."""
    if len(samples) == 0:
        return samples
    delay = len(taps) // 2
    return np.convolve(samples, taps)[delay : delay + len(samples)].astype(np.float32, copy=False)


def _midpoint_taps() -> Samples:
    """A filter of even length: its output lies half a sample between the inputs."""
    position = np.arange(-_HALF_WIDTH_8K, _HALF_WIDTH_8K) + 0.5
    taps = np.sinc(position) * np.kaiser(2 * _HALF_WIDTH_8K, 6.0)
    return np.asarray(taps / taps.sum(), dtype=np.float32)


def _low_pass_taps(cutoff_hz: int, rate_hz: int, half_width: int) -> Samples:
    position = np.arange(-half_width, half_width + 1)
    taps = np.sinc(2 * cutoff_hz / rate_hz * position) * np.kaiser(2 * half_width + 1, 6.0)
    return np.asarray(taps / taps.sum(), dtype=np.float32)


_BETWEEN_SAMPLES = _midpoint_taps()
_TELEPHONE_BAND = _low_pass_taps(_CUTOFF_HZ, 24_000, 6 * _HALF_WIDTH_8K)
