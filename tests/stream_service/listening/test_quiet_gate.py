from __future__ import annotations

import audioop
from array import array

from stream_service.listening.quiet_gate import QuietGate, loudness


def tone(rms: int) -> bytes:
    """32 ms of a square wave, whose root mean square is its amplitude."""
    return audioop.lin2ulaw(array("h", [rms, -rms] * 128).tobytes(), 2)


QUIET, LOUD = tone(20), tone(2000)


def settled_gate() -> QuietGate:
    gate = QuietGate()
    while not gate.is_quiet(QUIET):
        gate.judge(0.01)
    return gate


def test_loudness_is_the_root_mean_square() -> None:
    assert abs(loudness(tone(2000)) - 2000) < 50


def test_quiet_window_goes_to_the_model_until_the_model_has_found_silence_for_half_a_second() -> None:
    gate = QuietGate()
    asked = 0

    while not gate.is_quiet(QUIET):
        gate.judge(0.01)
        asked += 1

    assert asked == 16


def test_model_that_hears_speech_in_the_quiet_is_asked_again() -> None:
    gate = QuietGate()
    for probability in [0.01] * 15 + [0.3] + [0.01] * 15:
        gate.is_quiet(QUIET)
        gate.judge(probability)

    assert not gate.is_quiet(QUIET)


def test_sound_opens_the_gate_at_once_and_speech_keeps_it_open() -> None:
    gate = settled_gate()

    assert not gate.is_quiet(LOUD)
    gate.judge(0.9)
    assert not gate.is_quiet(QUIET)


def test_sound_that_was_no_speech_does_not_keep_the_gate_open() -> None:
    gate = settled_gate()
    gate.is_quiet(LOUD)
    gate.judge(0.02)

    assert gate.is_quiet(QUIET)


def test_model_hears_one_quiet_window_in_nine() -> None:
    gate = settled_gate()

    passed = []
    for _ in range(27):
        passed.append(not gate.is_quiet(QUIET))
        if passed[-1]:
            gate.judge(0.01)

    assert sum(passed) == 3
