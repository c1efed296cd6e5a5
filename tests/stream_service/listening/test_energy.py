from __future__ import annotations

import audioop
from array import array

from stream_service.listening.energy import EnergyDetector


def frame(amplitude: int) -> bytes:
    """20 ms of a square wave, whose root mean square is its amplitude."""
    return audioop.lin2ulaw(array("h", [amplitude, -amplitude] * 80).tobytes(), 2)


def test_loud_frame_is_speech_and_quiet_one_is_not() -> None:
    activity = EnergyDetector().open()

    assert [activity.hear(frame(a)) for a in (0, 2000, 100, 3000)] == [0.0, 1.0, 0.0, 1.0]


def test_threshold_can_be_set() -> None:
    activity = EnergyDetector(threshold_rms=5000).open()

    assert activity.hear(frame(4000)) == 0.0


def test_steady_tone_stays_speech_with_a_fixed_threshold() -> None:
    activity = EnergyDetector().open()

    assert {activity.hear(frame(2000)) for _ in range(1000)} == {1.0}


def test_steady_noise_is_no_speech_once_it_is_known() -> None:
    activity = EnergyDetector(above_noise=3.0, noise_memory_ms=1000).open()
    for _ in range(50):
        activity.hear(frame(1000))

    assert activity.hear(frame(1000)) == 0.0
    assert activity.hear(frame(4000)) == 1.0


def test_noise_that_ends_is_forgotten() -> None:
    activity = EnergyDetector(above_noise=3.0, noise_memory_ms=1000).open()
    for amplitude in [1000] * 50 + [0] * 50:
        activity.hear(frame(amplitude))

    assert activity.hear(frame(1000)) == 1.0


def test_calls_do_not_share_their_noise() -> None:
    detector = EnergyDetector(above_noise=3.0, noise_memory_ms=1000)
    noisy, quiet = detector.open(), detector.open()
    for _ in range(50):
        noisy.hear(frame(1000))
        quiet.hear(frame(0))

    assert quiet.hear(frame(1000)) == 1.0
