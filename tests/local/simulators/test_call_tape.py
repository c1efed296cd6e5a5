"""What was heard of a call, stretch by stretch."""

from __future__ import annotations

import pytest

from local.simulators.call_tape import CallTape
from stream_service.media.audio import BYTES_PER_MS, MULAW_SILENCE

LOUD = b"\x00"
SILENCE = bytes([MULAW_SILENCE])


@pytest.mark.parametrize("loud_samples", range(1, 2 * BYTES_PER_MS + 1))
def test_what_was_heard_is_not_heard_again_by_who_goes_on_listening_from_its_end(loud_samples: int) -> None:
    tape = CallTape()
    tape.record_heard(LOUD * loud_samples + SILENCE * 800, position=0)

    heard = tape.heard_between(0)

    assert heard is not None
    assert tape.heard_between(heard.end_ms) is None


def test_a_stretch_of_speech_is_kept_to_its_last_sample() -> None:
    tape = CallTape()
    tape.record_heard(SILENCE * 80 + LOUD * 83 + SILENCE * 800, position=0)

    heard = tape.heard_between(0)

    assert heard is not None
    assert (heard.start_ms, heard.end_ms) == (10, 21)
    assert heard.mulaw.count(LOUD) == 83
