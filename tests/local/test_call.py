"""Recordings of several kinds become telephone audio."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

import pytest

from local.call import UnusableAudio, read_audio
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


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (44100, 2)])
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

    with pytest.raises(UnusableAudio, match="no WAV"):
        read_audio(tmp_path / "text.wav")
    with pytest.raises(UnusableAudio, match="16-bit"):
        read_audio(tmp_path / "thin.wav")
