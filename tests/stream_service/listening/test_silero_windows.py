from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_service.listening.silero_windows import CONTEXT_BYTES, WINDOW_BYTES, SileroWindows

SILENCE = b"\xff"


def test_two_frames_of_20_ms_complete_a_window_and_leave_8_ms() -> None:
    windows = SileroWindows()

    assert [len(list(windows.cut(SILENCE * 160))) for _ in range(8)] == [0, 1, 0, 1, 1, 0, 1, 1]


@given(st.lists(st.binary(max_size=700), max_size=20))
def test_windows_do_not_depend_on_how_the_audio_was_cut_into_frames(frames: list[bytes]) -> None:
    windows = SileroWindows()
    audio = SILENCE * CONTEXT_BYTES + b"".join(frames)

    cut = [window for frame in frames for window in windows.cut(frame)]

    count = (len(audio) - CONTEXT_BYTES) // WINDOW_BYTES
    length = CONTEXT_BYTES + WINDOW_BYTES
    assert cut == [audio[n * WINDOW_BYTES : n * WINDOW_BYTES + length] for n in range(count)]
