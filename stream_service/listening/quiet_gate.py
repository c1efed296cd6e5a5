"""Which windows are certainly quiet, so that no model need hear them."""

from __future__ import annotations

import audioop

from stream_service.media.audio import decode_mulaw

# -50 dBFS, as root mean square of 16-bit samples. Speech on a telephone lies 15 to 35 dB above.
QUIET_RMS = 104
# Half a second. A model is not done with speech when the speech is: what it remembers fades over seconds.
_SILENCES_TO_SETTLE = 16
_SURE_SILENCE = 0.1
# A model that hears one quiet window in nine goes on fading; one that hears none answers speech differently.
_QUIET_IN_A_ROW = 8


class QuietGate:
    """The gate before one call's model: opens for sound, and stays open until the model itself has settled to silence.

    Ask `is_quiet` of every window in turn; when the answer is no, tell `judge` what the model made of it.

    Args:
        quiet_rms: from this loudness on a window is heard by the model; at zero all are.
    """

    def __init__(self, *, quiet_rms: int = QUIET_RMS) -> None:
        self._quiet_rms = quiet_rms
        self._silences = 0
        self._skipped = 0

    def is_quiet(self, mulaw: bytes) -> bool:
        """Whether the model would find silence in this window, and loses nothing by not hearing it."""
        if self._silences < _SILENCES_TO_SETTLE or self._skipped >= _QUIET_IN_A_ROW:
            return False
        if loudness(mulaw) >= self._quiet_rms:
            return False
        self._skipped += 1
        return True

    def judge(self, probability: float) -> None:
        """Take the model's probability of speech in the window that was let through."""
        self._skipped = 0
        self._silences = self._silences + 1 if probability < _SURE_SILENCE else 0


def loudness(mulaw: bytes) -> int:
    """Root mean square of the samples, 0..32767."""
    return audioop.rms(decode_mulaw(mulaw), 2)
