"""Voice notes for tests: recorded utterances as a phone would send them, and what is in those that come back."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from local.speech.sound import write_voice_note
from stream_service.media.audio import decode_mulaw
from stream_service.media.resampling import pcm_to_samples, upsample_8k_to_16k
from tests.stream_service.listening.utterances import recorded_utterances

SATURDAY = "Can you tell me what time you open on Saturday?"


def spoken(text: str) -> bytes:
    """The recorded utterance with these words, as OGG/Opus."""
    (utterance,) = [utterance for utterance in recorded_utterances() if utterance.text == text]
    return write_voice_note(upsample_8k_to_16k(pcm_to_samples(decode_mulaw(utterance.mulaw))), 16_000)


def sound_of(note: bytes) -> tuple[np.ndarray, int, str]:
    """Samples, sample rate and format of a file."""
    with soundfile.SoundFile(io.BytesIO(note)) as file:
        assert file.channels == 1
        return file.read(dtype="float32"), file.samplerate, f"{file.format}/{file.subtype}"


def written(samples: np.ndarray, rate_hz: int, form: str, subtype: str) -> bytes:
    """A sound file of another format."""
    content = io.BytesIO()
    soundfile.write(content, samples, rate_hz, format=form, subtype=subtype)
    return content.getvalue()
