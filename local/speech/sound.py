"""Sound files to telephone audio, and speech to voice notes."""

from __future__ import annotations

import io

import numpy as np
import soundfile  # type: ignore[import-untyped]

from local.speech.refusal import ContentRefused
from stream_service.media.audio import SAMPLE_RATE_HZ, encode_mulaw
from stream_service.media.resampling import Samples, samples_to_pcm

LONGEST_SECONDS = 310
"""A little more than what is passed on to be heard, so that only what lies about its length is refused here."""
_CUTOFF_HZ = 3700
_TAPS_PER_CYCLE = 12
# Speech stays as clear at this level; at the encoder's own a minute would be too large for a voice note.
_COMPRESSION = 0.9


def read_sound(content: bytes) -> bytes:
    """The sound of a file (OGG/Opus, MP3, WAV, FLAC, ...) as mu-law audio, 8 kHz, mono.

    Raises:
        ContentRefused: there is none, or too much.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            if file.frames > LONGEST_SECONDS * file.samplerate:
                raise ContentRefused("the sound is too long")
            samples = file.read(dtype="float32", always_2d=True, frames=LONGEST_SECONDS * file.samplerate)
            rate_hz = file.samplerate
    except soundfile.LibsndfileError as error:
        raise ContentRefused("not a sound file of a known format") from error
    mono = samples.mean(axis=1, dtype=np.float32)
    return encode_mulaw(samples_to_pcm(to_telephone_rate(mono, rate_hz)))


def to_telephone_rate(samples: Samples, rate_hz: int) -> Samples:
    """The telephone band of mono audio, at 8 kHz."""
    if rate_hz == SAMPLE_RATE_HZ or len(samples) == 0:
        return samples
    if rate_hz > SAMPLE_RATE_HZ:
        half_width = rate_hz * _TAPS_PER_CYCLE // _CUTOFF_HZ
        position = np.arange(-half_width, half_width + 1)
        taps = np.sinc(2 * _CUTOFF_HZ / rate_hz * position) * np.kaiser(2 * half_width + 1, 6.0)
        taps = (taps / taps.sum()).astype(np.float32)
        samples = np.convolve(samples, taps)[half_width : half_width + len(samples)]
    # What is left has no frequency that straight lines between the samples would change much.
    wanted = np.arange(0, len(samples) - 1, rate_hz / SAMPLE_RATE_HZ)
    return np.asarray(np.interp(wanted, np.arange(len(samples)), samples), dtype=np.float32)


def write_voice_note(samples: Samples, rate_hz: int) -> bytes:
    """OGG/Opus, mono. `rate_hz` is one of 8000, 12000, 16000, 24000, 48000; Opus itself plays at 48 kHz."""
    content = io.BytesIO()
    with soundfile.SoundFile(
        content, "w", samplerate=rate_hz, channels=1, format="OGG", subtype="OPUS", compression_level=_COMPRESSION
    ) as file:
        file.write(samples)
    return content.getvalue()
