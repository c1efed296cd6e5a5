from __future__ import annotations

import audioop
from array import array

from stream_service.listening.energy import EnergyDetector


class Listened:
    """A call that notes what its detector reports."""

    def __init__(self, detector: EnergyDetector) -> None:
        self.reported: list[tuple[float, int]] = []
        self.activity = detector.open(lambda probability, ms: self.reported.append((probability, ms)))

    def hears(self, *amplitudes: int) -> list[float]:
        """What is reported of 20 ms of a square wave of each amplitude, which is its root mean square."""
        self.reported.clear()
        for amplitude in amplitudes:
            self.activity.hear(square_wave(amplitude))
        return [probability for probability, _ in self.reported]


def square_wave(amplitude: int, *, milliseconds: int = 20) -> bytes:
    return audioop.lin2ulaw(array("h", [amplitude, -amplitude] * 4 * milliseconds).tobytes(), 2)


def test_loud_frame_is_speech_and_quiet_one_is_not() -> None:
    call = Listened(EnergyDetector())

    assert call.hears(0, 2000, 100, 3000) == [0.0, 1.0, 0.0, 1.0]


def test_report_covers_the_audio_it_is_about() -> None:
    call = Listened(EnergyDetector())

    call.activity.hear(square_wave(2000, milliseconds=20))
    call.activity.hear(square_wave(0, milliseconds=100))

    assert call.reported == [(1.0, 20), (0.0, 100)]


def test_nothing_is_reported_of_a_call_that_is_over() -> None:
    call = Listened(EnergyDetector())

    call.activity.close()
    call.activity.close()

    assert call.hears(2000) == []


def test_threshold_can_be_set() -> None:
    call = Listened(EnergyDetector(threshold_rms=5000))

    assert call.hears(4000) == [0.0]


def test_steady_tone_stays_speech_with_a_fixed_threshold() -> None:
    call = Listened(EnergyDetector())

    assert set(call.hears(*[2000] * 1000)) == {1.0}


def test_steady_noise_is_no_speech_once_it_is_known() -> None:
    call = Listened(EnergyDetector(above_noise=3.0, noise_memory_ms=1000))
    call.hears(*[1000] * 50)

    assert call.hears(1000, 4000) == [0.0, 1.0]


def test_noise_that_ends_is_forgotten() -> None:
    call = Listened(EnergyDetector(above_noise=3.0, noise_memory_ms=1000))
    call.hears(*[1000] * 50, *[0] * 50)

    assert call.hears(1000) == [1.0]


def test_calls_do_not_share_their_noise() -> None:
    detector = EnergyDetector(above_noise=3.0, noise_memory_ms=1000)
    noisy, quiet = Listened(detector), Listened(detector)
    noisy.hears(*[1000] * 50)
    quiet.hears(*[0] * 50)

    assert quiet.hears(1000) == [1.0]
