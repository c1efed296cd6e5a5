"""The window over a call's audio."""

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_service.listening.call_audio import CallAudio

MS = 8


def audio_of(*milliseconds, longest_ms=1000):
    audio = CallAudio(longest_ms=longest_ms)
    for value in milliseconds:
        audio.append(bytes([value]) * 20 * MS)
    return audio


def test_audio_is_taken_once_in_order():
    audio = audio_of(1, 2, 3)

    taken = [audio.take(longest_ms=40), audio.take(longest_ms=40), audio.take(longest_ms=40)]

    assert taken == [b"\1" * 160 + b"\2" * 160, b"\3" * 160, b""]


def test_audio_can_be_sent_again_from_a_position():
    audio = audio_of(1, 2, 3)
    audio.take(longest_ms=1000)

    audio.send_again_from(40)

    assert (audio.unsent_ms, audio.take(longest_ms=1000)) == (20, b"\3" * 160)


def test_full_window_loses_the_oldest_audio_and_counts_what_was_never_sent():
    audio = audio_of(1, 2, 3, longest_ms=40)

    assert (audio.lost_ms, audio.heard_ms, audio.take(longest_ms=20)) == (20, 60, b"\2" * 160)


def test_audio_that_was_sent_leaves_the_window_without_loss():
    audio = audio_of(1, longest_ms=20)
    audio.take(longest_ms=20)

    audio.append(b"\2" * 160)

    assert (audio.lost_ms, audio.unsent_ms) == (0, 20)


def test_nothing_before_the_window_or_after_its_end_can_be_sent_again():
    audio = audio_of(1, 2, 3, longest_ms=40)

    audio.send_again_from(0)
    assert audio.sent_ms == 20
    audio.send_again_from(99)
    assert audio.sent_ms == 60


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50))))
def test_everything_heard_is_sent_lost_or_waiting(steps):
    audio = CallAudio(longest_ms=100)
    sent = 0
    for heard_ms, taken_ms in steps:
        audio.append(b"\0" * heard_ms * MS)
        sent += len(audio.take(longest_ms=taken_ms)) // MS

    assert sent + audio.lost_ms + audio.unsent_ms == audio.heard_ms
