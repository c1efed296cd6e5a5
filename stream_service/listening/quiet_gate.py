"""Which windows are certainly quiet, so that no model need hear them, and which a model should not remember.

Silero remembers seconds, and through a long silence its memory drifts to where it notices speech late. Measured with
synthetic speech after 3 to 15 seconds of silence: what the slowest in twenty took beyond the speech it needs was 0.24 s
on a quiet line, 0.3 s at 10 dB over noise, and 0.6 s at 3 dB, where it also missed one utterance in eight. With the
memory of half a second of silence, held until sound comes, it was 0.08 s on all of them, and none was missed.
"""

from __future__ import annotations

import audioop

from stream_service.media.audio import decode_mulaw

SILENCES_TO_SETTLE = 16
"""Windows of silence in a row, half a second, after which a model is done with the speech before them."""

_SURE_SILENCE = 0.1
# -55 dBFS, as root mean square of 16-bit samples. Speech on a telephone lies 20 to 40 dB above.
_QUIET_RMS = 58
# -30 dBFS. On a louder line the model hears everything.
_LOUDEST_QUIET_RMS = 1036
# Noise of one kind keeps within 2 dB of its mean; speech, even 3 dB below the noise, adds as much.
_ABOVE_NOISE = 1.25
_RISE, _FALL = 0.05, 0.2


class QuietGate:
    """The gate before one call's model: opens for sound, and stays open until the model has settled to silence.

    Ask `is_quiet` of every window in turn; when the answer is no, tell `judge` what the model made of it. What counts
    as quiet follows the line's noise: up slowly, by windows in which the model found silence; down faster, by all.

    Args:
        silences_to_settle: windows of silence in a row that settle the model; never, if infinite.
    """

    def __init__(self, *, silences_to_settle: float = SILENCES_TO_SETTLE) -> None:
        self._silences_to_settle = silences_to_settle
        self._silences = 0
        self._loudness = 0
        self._noise_rms = 0.0

    @property
    def _is_settled(self) -> bool:
        return self._silences >= self._silences_to_settle

    def is_quiet(self, mulaw: bytes) -> bool:
        """Whether the model would find silence in this window, and loses nothing by not hearing it."""
        self._loudness = loudness(mulaw)
        follows_noise = min(_ABOVE_NOISE * self._noise_rms, _LOUDEST_QUIET_RMS)
        is_quiet = self._is_settled and self._loudness < max(_QUIET_RMS, follows_noise)
        if is_quiet and self._loudness < self._noise_rms:
            self._follow_noise()
        return is_quiet

    def judge(self, probability: float) -> bool:
        """Take the model's probability of speech in the window asked about last; whether it shall remember the window.

        A settled model that finds silence again shall not: see the module.
        """
        was_settled = self._is_settled
        if probability >= _SURE_SILENCE:
            self._silences = 0
            return True
        self._silences += 1
        self._follow_noise()
        return not was_settled

    def _follow_noise(self) -> None:
        difference = self._loudness - self._noise_rms
        self._noise_rms += difference * (_RISE if difference > 0 else _FALL)


def loudness(mulaw: bytes) -> int:
    """Root mean square of the samples, 0..32767."""
    return audioop.rms(decode_mulaw(mulaw), 2)
