"""Recordings of any usual kind as a telephone hears them."""

from __future__ import annotations

import audioop
import wave
from pathlib import Path

import numpy as np

from stream_service.media.audio import SAMPLE_RATE_HZ, encode_mulaw

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8000, 48_000
LONGEST_SECONDS = 600
RAW_MULAW = frozenset({".ulaw", ".ul", ".mulaw"})
# A telephone passes less than half of its 8,000 samples a second; what is higher would come back as noise.
_CUTOFF_HZ = 3600
_SIXTEEN_BITS = 2
_TAPS_PER_RATIO = 32


class UnusableAudio(Exception):
    """The file cannot be played into a telephone; the message says what to do."""


def read_audio(path: Path) -> bytes:
    """The file as mu-law at 8 kHz; of stereo the left channel, or the right one where the left is silent.

    Raises:
        UnusableAudio: no 16-bit WAV of 8 to 48 kHz, empty, or longer than ten minutes.
        OSError: the file cannot be read.
    """
    if not path.exists():
        raise UnusableAudio(f"there is no file {path}")
    if path.suffix in RAW_MULAW:
        return path.read_bytes()
    try:
        with wave.open(str(path), "rb") as file:
            facts = file.getparams()
            pcm = file.readframes(min(facts.nframes, LONGEST_SECONDS * facts.framerate + 1))
    except (wave.Error, EOFError) as error:
        raise UnusableAudio(f"{path} is no WAV file of 16-bit samples ({error}); {_advice(path)}") from error
    _check(path, facts)
    mono = pcm if facts.nchannels == 1 else _one_channel(pcm)
    return encode_mulaw(_as_telephone(mono, facts.framerate))


def _check(path: Path, facts: wave._wave_params) -> None:
    if facts.sampwidth != _SIXTEEN_BITS or facts.nchannels not in {1, 2}:
        bits, channels = facts.sampwidth * 8, facts.nchannels
        raise UnusableAudio(f"{path} is not 16-bit mono or stereo ({bits} bits, {channels} channels); {_advice(path)}")
    if not LOWEST_RATE_HZ <= facts.framerate <= HIGHEST_RATE_HZ:
        raise UnusableAudio(f"{path} has {facts.framerate} samples a second, not 8,000 to 48,000; {_advice(path)}")
    if facts.nframes == 0:
        raise UnusableAudio(f"{path} holds no sound")
    if facts.nframes > LONGEST_SECONDS * facts.framerate:
        raise UnusableAudio(f"{path} is longer than {LONGEST_SECONDS // 60} minutes; cut it first")


def _advice(path: Path) -> str:
    return f"this makes one: ffmpeg -i {path} -ac 1 -ar 16000 -c:a pcm_s16le {path.stem}-16k.wav"


def _one_channel(stereo: bytes) -> bytes:
    left = audioop.tomono(stereo, _SIXTEEN_BITS, 1, 0)
    return left if audioop.max(left, _SIXTEEN_BITS) else audioop.tomono(stereo, _SIXTEEN_BITS, 0, 1)


def _as_telephone(mono: bytes, rate_hz: int) -> bytes:
    if rate_hz == SAMPLE_RATE_HZ:
        return mono
    half = _TAPS_PER_RATIO * rate_hz // SAMPLE_RATE_HZ
    times = np.arange(-half, half + 1)
    taps = np.sinc(2 * _CUTOFF_HZ / rate_hz * times) * np.hanning(2 * half + 3)[1:-1]
    samples = np.frombuffer(mono, dtype="<i2").astype(np.float32)
    low = np.convolve(samples, (taps / taps.sum()).astype(np.float32), mode="same")
    if len(low) > len(samples):  # A recording shorter than the filter.
        low = low[: len(samples)]
    filtered = np.clip(np.rint(low), -32768, 32767).astype("<i2").tobytes()
    telephone, _ = audioop.ratecv(filtered, _SIXTEEN_BITS, 1, rate_hz, SAMPLE_RATE_HZ, None)
    return telephone
