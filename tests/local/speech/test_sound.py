from __future__ import annotations

import numpy as np
import pytest

from local.speech.refusal import ContentRefused
from local.speech.sound import read_sound, to_telephone_rate, write_voice_note
from stream_service.media.audio import decode_mulaw
from stream_service.media.resampling import pcm_to_samples
from tests.local.speech.voice_notes import sound_of, written


def tone(hertz: float, rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hertz / rate_hz * np.arange(int(seconds * rate_hz)))).astype(np.float32)


def loudest_hertz(samples: np.ndarray, rate_hz: int) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax() * rate_hz / len(samples))


def test_a_voice_note_is_mono_opus_in_ogg() -> None:
    note = write_voice_note(tone(440, 24_000), 24_000)

    samples, rate_hz, form = sound_of(note)

    assert form == "OGG/OPUS"
    assert b"OpusHead" in note[:60]
    assert loudest_hertz(samples, rate_hz) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    ("rate_hz", "form", "subtype"),
    [(48_000, "OGG", "OPUS"), (16_000, "OGG", "OPUS"), (44_100, "MP3", "MPEG_LAYER_III"), (8_000, "WAV", "PCM_16")],
)
def test_common_formats_become_telephone_audio(rate_hz: int, form: str, subtype: str) -> None:
    mulaw = read_sound(written(tone(1000, rate_hz), rate_hz, form, subtype))

    heard = pcm_to_samples(decode_mulaw(mulaw))
    assert len(mulaw) == pytest.approx(8000, abs=600)
    assert loudest_hertz(heard, 8000) == pytest.approx(1000, abs=10)


def test_both_sides_of_a_stereo_file_are_heard() -> None:
    silence = np.zeros(16_000, dtype=np.float32)
    stereo = np.stack([silence, tone(1000, 16_000)], axis=1)

    heard = pcm_to_samples(decode_mulaw(read_sound(written(stereo, 16_000, "WAV", "PCM_16"))))

    assert np.abs(heard).max() > 0.1


def test_what_a_telephone_cannot_carry_does_not_come_back_as_another_tone() -> None:
    heard = to_telephone_rate(tone(6000, 16_000), 16_000)

    assert np.abs(heard[100:-100]).max() < 0.01


@pytest.mark.parametrize("content", [b"", b"no sound", b"OggS" + bytes(100)])
def test_what_is_no_sound_file_is_refused(content: bytes) -> None:
    with pytest.raises(ContentRefused):
        read_sound(content)


def test_a_file_that_is_too_long_is_refused() -> None:
    with pytest.raises(ContentRefused):
        read_sound(written(np.zeros(320 * 8000, dtype=np.float32), 8000, "OGG", "OPUS"))
