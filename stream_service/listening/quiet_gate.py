"""Which windows are certainly quiet, so that no model need hear them, and which a model should not remember.

Silero remembers seconds, and through a long silence its memory drifts to where it notices speech late. Measured with
synthetic speech after 3 to 15 seconds of silence: what the slowest in twenty took beyond the speech it needs was 0.24 s
on a quiet line, 0.3 s at 10 dB over noise, and 0.6 s at 3 dB, where it also missed one utterance in eight. With the
memory of half a second of silence, held until sound comes, it was 0.08 s on all of them, and none was missed.

Silero also believes in speech for 80 to 200 ms after its end, and longer with a held memory. So after speech the gate
tells silence by loudness, with two cares: 20 dB below this caller's speech, so that quiet speakers are not cut, and not
within the first words, where a stop consonant is a silence too and would put off the turn's beginning.
"""

from __future__ import annotations

import audioop
import math

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
_SURE_SPEECH = 0.5
# A quarter of a second: longer than speech takes to begin a turn.
_SPEECHES_TO_BEGIN = 8
# 20 dB: closures aside, speech goes on in sounds that are stronger than this beside its mean.
_BELOW_SPEECH = 0.1
_SPEECH_FOLLOWS = 0.05
# -30 dBFS, until the caller has spoken.
_USUAL_SPEECH_RMS = 1036.0


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
        self._speech_rms = _USUAL_SPEECH_RMS
        self._speeches = 0
        self._has_spoken = False

    @property
    def _is_settled(self) -> bool:
        return self._silences >= self._silences_to_settle

    @property
    def _quiet_rms(self) -> float:
        return max(_QUIET_RMS, min(_ABOVE_NOISE * self._noise_rms, _LOUDEST_QUIET_RMS))

    def is_silence(self, mulaw: bytes) -> bool:
        """Whether the caller, who has spoken, does not in this audio, whatever the model still believes.

        It answers yes between speech and the model's settling; thereafter `is_quiet` says all there is to say. A gate
        that never settles leaves silence to the model.
        """
        if not self._has_spoken or self._is_settled:
            return False
        return loudness(mulaw) < min(self._quiet_rms, _BELOW_SPEECH * self._speech_rms)

    def is_quiet(self, mulaw: bytes) -> bool:
        """Whether the model would find silence in this window, and loses nothing by not hearing it."""
        self._loudness = loudness(mulaw)
        is_quiet = self._is_settled and self._loudness < self._quiet_rms
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
            if probability >= _SURE_SPEECH:
                self._hear_speech()
            return True
        self._speeches = 0
        self._silences += 1
        self._follow_noise()
        return not was_settled

    def _hear_speech(self) -> None:
        self._speeches += 1
        self._has_spoken = self._speeches >= _SPEECHES_TO_BEGIN and math.isfinite(self._silences_to_settle)
        if self._loudness >= self._quiet_rms:
            self._speech_rms += (self._loudness - self._speech_rms) * _SPEECH_FOLLOWS

    def _follow_noise(self) -> None:
        difference = self._loudness - self._noise_rms
        self._noise_rms += difference * (_RISE if difference > 0 else _FALL)


def loudness(mulaw: bytes) -> int:
    """Root mean square of the samples, 0..32767."""
    return audioop.rms(decode_mulaw(mulaw), 2)
