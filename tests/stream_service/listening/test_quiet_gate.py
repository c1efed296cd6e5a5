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


def test_silence_after_speech_is_told_whatever_the_model_says() -> None:
    gate = spoken_to(QuietGate(), LOUD, windows=10)

    for _ in range(5):
        assert gate.is_silence(QUIET)
        gate.is_quiet(QUIET)
        gate.judge(0.9)


def test_silence_is_not_told_before_speech_has_lasted_a_quarter_of_a_second() -> None:
    gate = settled_gate()

    tells = []
    for _ in range(10):
        spoken_to(gate, LOUD, windows=1)
        tells.append(gate.is_silence(QUIET))

    assert tells == [False] * 7 + [True] * 3


def test_speech_after_a_pause_has_to_last_again() -> None:
    gate = spoken_to(QuietGate(), LOUD, windows=10)
    gate.is_quiet(QUIET)
    gate.judge(0.01)
    in_the_pause = gate.is_silence(QUIET)

    spoken_to(gate, LOUD, windows=1)

    assert in_the_pause
    assert not gate.is_silence(QUIET)


def test_silence_of_a_quiet_speaker_is_measured_by_that_speech() -> None:
    loud_speaker = spoken_to(QuietGate(), LOUD, windows=100)
    quiet_speaker = spoken_to(QuietGate(), tone(180), windows=100)

    assert loud_speaker.is_silence(tone(40))
    assert not quiet_speaker.is_silence(tone(40))
    assert quiet_speaker.is_silence(tone(10))


def test_what_the_model_takes_for_speech_in_the_quiet_does_not_lower_the_measure() -> None:
    gate = spoken_to(QuietGate(), LOUD, windows=10)

    spoken_to(gate, QUIET, windows=100)

    assert gate.is_silence(tone(40))


def test_noise_is_silence_for_a_speaker_20_db_above_it_only() -> None:
    clear, drowned = QuietGate(), QuietGate()
    for gate in (clear, drowned):
        heard(gate, tone(150), windows=100)

    spoken_to(clear, tone(3000), windows=50)
    spoken_to(drowned, tone(600), windows=50)

    assert clear.is_silence(tone(150))
    assert not drowned.is_silence(tone(150))


def test_gate_that_never_settles_leaves_silence_to_the_model() -> None:
    gate = spoken_to(QuietGate(silences_to_settle=math.inf), LOUD, windows=10)

    assert not gate.is_silence(QUIET)


def spoken_to(gate: QuietGate, mulaw: bytes, *, windows: int) -> QuietGate:
    """The gate, whose model has taken so many windows for speech."""
    for _ in range(windows):
        gate.is_quiet(mulaw)
        gate.judge(0.9)
    return gate


def heard(gate: QuietGate, mulaw: bytes, *, windows: int) -> int:
    """How many of so many windows a model that finds silence hears."""
    heard_windows = 0
    for _ in range(windows):
        if not gate.is_quiet(mulaw):
            gate.judge(0.01)
            heard_windows += 1
    return heard_windows
