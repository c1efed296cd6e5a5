"""How long voice notes are, and when a reply becomes one."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.agent import VoiceNotePolicy
from shared.domain.voice_note import LARGEST_HEARD_BYTES, answers_by_voice, is_too_long, opus_seconds
from shared.domain.wishes import UserWishes


def opus(seconds: float, rate_hz: int = 16_000) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, np.zeros(int(seconds * rate_hz), dtype=np.float32), rate_hz, format="OGG", subtype="OPUS")
    return content.getvalue()


@pytest.mark.parametrize(("seconds", "rate_hz"), [(0.5, 48_000), (7.25, 16_000), (301, 8_000)])
def test_the_length_of_a_voice_note_is_read_without_decoding_it(seconds: float, rate_hz: int) -> None:
    assert opus_seconds(opus(seconds, rate_hz)) == pytest.approx(seconds, abs=0.03)


@pytest.mark.parametrize("content", [b"", b"ID3" + bytes(500), b"OggS", b"OggS" + bytes(60), b"OggS\x00" * 30])
def test_what_is_no_voice_note_has_no_length(content: bytes) -> None:
    assert opus_seconds(content) is None


@given(content=st.binary(max_size=400), cut=st.integers(0, 400))
def test_damaged_files_are_read_without_failing(content: bytes, cut: int) -> None:
    for damaged in (content, b"OggS" + content, _NOTE[:cut] + content):
        length = opus_seconds(damaged)

        assert length is None or length >= 0


_NOTE = opus(1)


def test_five_minutes_are_heard_and_not_more() -> None:
    assert not is_too_long(opus(299, 8_000))
    assert is_too_long(opus(301, 8_000))


def test_other_sound_is_judged_by_its_size() -> None:
    assert not is_too_long(b"ID3" + bytes(1000))
    assert is_too_long(b"ID3" + bytes(LARGEST_HEARD_BYTES))


@pytest.mark.parametrize(
    ("policy", "wishes", "came_as_voice", "expected"),
    [
        (VoiceNotePolicy.NEVER, UserWishes(wants_voice=True), True, False),
        (VoiceNotePolicy.ON_REQUEST, UserWishes(), True, False),
        (VoiceNotePolicy.ON_REQUEST, UserWishes(wants_voice=True), False, True),
        (VoiceNotePolicy.MIRROR, UserWishes(), True, True),
        (VoiceNotePolicy.MIRROR, UserWishes(), False, False),
        (VoiceNotePolicy.MIRROR, UserWishes(wants_text=True), True, False),
        (VoiceNotePolicy.MIRROR, UserWishes(wants_voice=True), False, True),
    ],
)
def test_who_gets_a_voice_note(
    policy: VoiceNotePolicy,
    wishes: UserWishes,
    came_as_voice: bool,  # noqa: FBT001 - a row of the table
    expected: bool,  # noqa: FBT001
) -> None:
    assert answers_by_voice(policy, wishes, came_as_voice=came_as_voice) is expected
