from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest
import soundfile

from local.chatting.commands import NotUnderstood
from local.chatting.files import read_file, read_voice_note


def wav(seconds: float, *, rate_hz: int, channels: int = 1) -> bytes:
    """Silence."""
    content = io.BytesIO()
    with wave.open(content, "wb") as recording:
        recording.setnchannels(channels)
        recording.setsampwidth(2)
        recording.setframerate(rate_hz)
        recording.writeframes(bytes(2 * channels * round(seconds * rate_hz)))
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [
        ("a.png", "image/png"),
        ("a.pdf", "application/pdf"),
        ("a.ogg", "audio/ogg; codecs=opus"),
        ("a.strange", "application/octet-stream"),
    ],
)
def test_type_follows_from_the_name(tmp_path: Path, name: str, mime_type: str) -> None:
    (tmp_path / name).write_bytes(b"content")

    assert read_file(str(tmp_path / name)) == (b"content", mime_type, name)


@pytest.mark.parametrize(("rate_hz", "channels"), [(16000, 1), (22050, 1), (44100, 2)])
def test_sound_becomes_a_voice_note_of_the_same_length(tmp_path: Path, rate_hz: int, channels: int) -> None:
    (tmp_path / "question.wav").write_bytes(wav(1.5, rate_hz=rate_hz, channels=channels))

    note = read_voice_note(str(tmp_path / "question.wav"))

    described = soundfile.info(io.BytesIO(note))
    assert (described.format, described.subtype, described.channels) == ("OGG", "OPUS", 1)
    assert described.duration == pytest.approx(1.5, abs=0.05)


def test_voice_note_of_a_phone_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "note.ogg").write_bytes(b"OggS...")

    assert read_voice_note(str(tmp_path / "note.ogg")) == b"OggS..."


@pytest.mark.parametrize("name", ["missing.wav", "words.wav"])
def test_what_is_no_sound_is_explained(tmp_path: Path, name: str) -> None:
    (tmp_path / "words.wav").write_text("these are words")

    with pytest.raises(NotUnderstood):
        read_voice_note(str(tmp_path / name))
