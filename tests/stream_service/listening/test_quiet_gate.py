from __future__ import annotations

import audioop
import math
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


def test_model_remembers_silence_until_it_has_settled_and_then_speech_only() -> None:
    gate = QuietGate()

    remembers = []
    for probability in [0.01] * 18 + [0.4, 0.01]:
        gate.is_quiet(LOUD)
        remembers.append(gate.judge(probability))

    assert remembers == [True] * 16 + [False] * 2 + [True] * 2


def test_steady_noise_is_quiet_once_the_model_has_found_no_speech_in_it() -> None:
    gate = QuietGate()
    noise = tone(300)

    at_first = heard(gate, noise, windows=20)
    later = heard(gate, noise, windows=40)
    louder = heard(gate, tone(500), windows=1)

    assert at_first == 20
    assert later < 30
    assert louder == 1
    assert heard(gate, noise, windows=10) == 0


def test_noise_that_has_fallen_is_no_measure_of_quiet_any_more() -> None:
    gate = QuietGate()
    heard(gate, tone(300), windows=60)

    heard(gate, tone(150), windows=20)

    assert heard(gate, tone(300), windows=1) == 1


def test_line_as_loud_as_speech_is_never_quiet() -> None:
    gate = QuietGate()

    assert heard(gate, tone(1500), windows=200) == 200


def test_gate_that_never_settles_lets_the_model_hear_and_remember_everything() -> None:
    gate = QuietGate(silences_to_settle=math.inf)

    assert heard(gate, QUIET, windows=100) == 100
    assert gate.judge(0.01)


def heard(gate: QuietGate, mulaw: bytes, *, windows: int) -> int:
    """How many of so many windows a model that finds silence hears."""
    heard_windows = 0
    for _ in range(windows):
        if not gate.is_quiet(mulaw):
            gate.judge(0.01)
            heard_windows += 1
    return heard_windows
