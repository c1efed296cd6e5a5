"""Voice activity by loudness alone: no model, no memory to speak of, predictable; useless where it is noisy."""

from __future__ import annotations

import audioop
from collections import deque

from stream_service.listening.vad import ActivityListener
from stream_service.media.audio import FRAME_MS, decode_mulaw, duration_ms


class EnergyDetector:
    """Implements VoiceActivityDetector: a frame is speech when it is loud enough, and louder than the line's noise.

    Args:
        threshold_rms: quietest speech, as root mean square of 16-bit samples (0..32767).
        above_noise: how many times louder than the line's quietest recent frame speech must be. Zero leaves the
            threshold fixed; with more, a steady tone counts as noise once it has lasted `noise_memory_ms`.
        noise_memory_ms: how long the line's quietest frame is remembered; speech pauses more often than that.
    """

    def __init__(self, *, threshold_rms: int = 500, above_noise: float = 0.0, noise_memory_ms: int = 3000) -> None:
        self._threshold_rms = threshold_rms
        self._above_noise = above_noise
        self._noise_frames = noise_memory_ms // FRAME_MS

    def warm_up(self) -> None:
        """Nothing to load."""

    def open(self, listener: ActivityListener) -> EnergyActivity:
        """A detector with its own memory for a new call."""
        return EnergyActivity(listener, self._threshold_rms, self._above_noise, self._noise_frames)

    def close(self) -> None:
        """Nothing runs besides the event loop."""


class EnergyActivity:
    """Implements VoiceActivity for one call."""

    def __init__(self, listener: ActivityListener, threshold_rms: int, above_noise: float, noise_frames: int) -> None:
        self._listener: ActivityListener | None = listener
        self._threshold_rms = threshold_rms
        self._above_noise = above_noise
        self._recent: deque[int] = deque(maxlen=noise_frames)

    def hear(self, mulaw: bytes) -> None:
        """Report at once: 1 for a loud frame, 0 for a quiet one; nothing in between."""
        if self._listener is None:
            return
        loudness = audioop.rms(decode_mulaw(mulaw), 2)
        self._recent.append(loudness)
        # Before the memory is full there is no telling noise from somebody who spoke at once.
        is_known = len(self._recent) == self._recent.maxlen
        noise = self._above_noise * min(self._recent) if self._above_noise and is_known else 0.0
        self._listener(1.0 if loudness >= max(self._threshold_rms, noise) else 0.0, duration_ms(mulaw))

    def close(self) -> None:
        """Report nothing any more."""
        self._listener = None
