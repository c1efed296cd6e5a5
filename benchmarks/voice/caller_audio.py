"""What the callers say, and the noise of the line while they say nothing, ready to be sent."""

from __future__ import annotations

import audioop
import random
from array import array
from base64 import b64encode
from dataclasses import dataclass

from local.caller_speech import CallerVoice
from stream_service.media.audio import BYTES_PER_MS, FRAME_BYTES, decode_mulaw, encode_mulaw

QUESTION = "What time do you open today?"
INTERRUPTION = "Wait, wait, one moment."

_FIRST_RMS = 500
"""An utterance begins with the first frame so loud."""

_QUESTION_MS, _INTERRUPTION_MS = 1100, 940
"""It breaks off while it is loud, where voice activity detection notices soonest: how long a detector takes over words
that fade away says nothing about the server. Found by trying; `model_floor` says what is left."""

_NOISE_FRAMES = 53
_NOISE_AMPLITUDE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerAudio:
    """Frames of 20 ms as base64, the way a media message carries them."""

    question: tuple[str, ...]
    interruption: tuple[str, ...]
    noise: tuple[str, ...]


async def prepare_audio() -> CallerAudio:
    """Speak the sentences with the offline voice.

    Raises:
        SpeechUnavailable: the voice is not installed.
    """
    voice = CallerVoice()
    return CallerAudio(
        question=_frames(spoken_part(await voice.speak(QUESTION), duration_ms=_QUESTION_MS)),
        interruption=_frames(spoken_part(await voice.speak(INTERRUPTION), duration_ms=_INTERRUPTION_MS)),
        noise=line_noise(),
    )


def spoken_part(mulaw: bytes, *, duration_ms: int) -> bytes:
    """So much audio from the first loud frame on, in whole frames.

    Raises:
        ValueError: there is not so much.
    """
    starts = range(0, len(mulaw), FRAME_BYTES)
    first = next(
        (at for at in starts if audioop.rms(decode_mulaw(mulaw[at : at + FRAME_BYTES]), 2) >= _FIRST_RMS), None
    )
    end = duration_ms * BYTES_PER_MS + (0 if first is None else first)
    if first is None or end > len(mulaw):
        raise ValueError("the voice said less than it was asked to")
    return mulaw[first:end]


def line_noise() -> tuple[str, ...]:
    """About a second of faint noise, the same at every run, to be repeated."""
    dice = random.Random(1)  # noqa: S311 - noise
    samples = array("h", (round(dice.gauss(0, _NOISE_AMPLITUDE)) for _ in range(_NOISE_FRAMES * FRAME_BYTES)))
    return _frames(encode_mulaw(samples.tobytes()))


def _frames(mulaw: bytes) -> tuple[str, ...]:
    return tuple(b64encode(mulaw[at : at + FRAME_BYTES]).decode() for at in range(0, len(mulaw), FRAME_BYTES))
