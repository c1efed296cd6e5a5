from __future__ import annotations

import pytest

from benchmarks.voice.ear import Heard
from benchmarks.voice.playback import NS_PER_BYTE, NS_PER_MS
from stream_service.media.audio import BYTES_PER_MS

LOUD, SILENT = b"\x00", b"\xff"


def sound(duration_ms: int) -> bytes:
    return LOUD * duration_ms * BYTES_PER_MS


def silence(duration_ms: int) -> bytes:
    return SILENT * duration_ms * BYTES_PER_MS


def test_answer_begins_with_its_first_audible_sample():
    heard = Heard()

    heard.hear(silence(30) + sound(10), from_ns=100 * NS_PER_MS)

    assert heard.first_ns == 130 * NS_PER_MS


def test_silence_alone_is_no_answer():
    heard = Heard()

    heard.hear(silence(200), from_ns=0)

    assert heard.first_ns is None


def test_audio_without_a_break_is_not_choppy():
    heard = Heard()

    heard.hear(sound(200), from_ns=0)
    heard.hear(sound(200), from_ns=200 * NS_PER_MS)

    assert heard.largest_gap_ns == 0


@pytest.mark.parametrize(("gap_ms", "is_choppy"), [(40, False), (41, True)])
def test_gap_between_two_pieces_is_choppy_from_40_ms_on(gap_ms, is_choppy):
    heard = Heard()

    heard.hear(sound(200), from_ns=0)
    heard.hear(sound(200), from_ns=(200 + gap_ms) * NS_PER_MS)

    assert heard.is_choppy is is_choppy


def test_silence_that_was_sent_inside_an_answer_is_a_gap_too():
    heard = Heard()

    heard.hear(sound(100) + silence(60) + sound(100), from_ns=0)

    assert heard.largest_gap_ns == 60 * NS_PER_MS


def test_silence_sent_at_the_end_is_no_gap():
    heard = Heard()

    heard.hear(sound(100) + silence(500), from_ns=0)

    assert heard.largest_gap_ns == 0
    assert heard.last_ns == 800 * NS_PER_BYTE
