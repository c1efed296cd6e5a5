"""Recordings of several kinds become telephone audio."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

import pytest

from local.caller_audio import UnusableAudio, read_audio
from local.simulators.ear import audible_share
from stream_service.media.audio import duration_ms


def write_tone(path: Path, *, rate: int, channels: int, width: int = 2) -> None:
    """Half a second of 440 Hz on the first channel, silence on the second."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        for index in range(rate // 2):
            sample = int(8000 * math.sin(2 * math.pi * 440 * index / rate))
            silent = [0] * (channels - 1)
            file.writeframes(struct.pack(f"<{channels}h", sample, *silent) if width == 2 else b"\x80" * channels)


@pytest.mark.parametrize(
    ("rate", "channels"), [(8000, 1), (8000, 2), (11025, 1), (16000, 1), (22050, 2), (44100, 2), (48000, 1)]
)
def test_wav_of_any_rate_becomes_mulaw_of_the_same_length(tmp_path: Path, rate: int, channels: int) -> None:
    write_tone(tmp_path / "tone.wav", rate=rate, channels=channels)

    mulaw = read_audio(tmp_path / "tone.wav")

    assert abs(duration_ms(mulaw) - 500) <= 1
    assert audible_share(mulaw) > 0.9


def test_raw_mulaw_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "said.ulaw").write_bytes(b"\x00\xff\x80")

    assert read_audio(tmp_path / "said.ulaw") == b"\x00\xff\x80"


def test_other_files_are_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_bytes(b"hello")
    write_tone(tmp_path / "thin.wav", rate=8000, channels=1, width=1)

    write_tone(tmp_path / "fast.wav", rate=96_000, channels=1)
    write_tone(tmp_path / "many.wav", rate=8000, channels=3)
    with wave.open(str(tmp_path / "empty.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))

    for name, reason in {
        "missing.wav": "no file",
        "text.wav": "no WAV",
        "thin.wav": "16-bit.*8 bits.*ffmpeg",
        "fast.wav": "96000",
        "many.wav": "3 channels",
        "empty.wav": "no sound",
    }.items():
        with pytest.raises(UnusableAudio, match=reason):
            read_audio(tmp_path / name)


def test_of_stereo_the_channel_that_speaks_is_taken(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "right.wav"), "wb") as file:
        file.setparams((2, 2, 16_000, 0, "NONE", "not compressed"))
        for index in range(16_000):
            file.writeframes(struct.pack("<2h", 0, int(8000 * math.sin(2 * math.pi * 440 * index / 16_000))))

    assert audible_share(read_audio(tmp_path / "right.wav")) > 0.9


def test_what_a_telephone_cannot_carry_does_not_come_back_as_another_tone(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "high.wav"), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", "not compressed"))
        for index in range(48_000):  # 7 kHz would be heard as 1 kHz
            file.writeframes(struct.pack("<h", int(8000 * math.sin(2 * math.pi * 7000 * index / 48_000))))

    assert audible_share(read_audio(tmp_path / "high.wav")) < 0.05
