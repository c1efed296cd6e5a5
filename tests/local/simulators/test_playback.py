"""The playback buffer plays in order and in time, and tells the truth about marks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from local.simulators.playback import LONGEST_BUFFER_MS, PlaybackBuffer
from stream_service.media.audio import BYTES_PER_MS

SILENCE = b"\xff"


def test_audio_is_heard_in_order_and_followed_by_silence() -> None:
    buffer = PlaybackBuffer()
    buffer.queue_audio(b"aaaa")
    buffer.queue_audio(b"bb")

    heard, _ = buffer.advance(8)

    assert heard == b"aaaabb" + SILENCE * 2


def test_mark_is_echoed_only_when_its_audio_was_played() -> None:
    buffer = PlaybackBuffer()
    buffer.queue_audio(b"a" * 160)
    buffer.queue_mark("first")

    before = buffer.advance(159)[1]
    after = buffer.advance(160)[1]

    assert (before, after) == ([], ["first"])


def test_mark_with_nothing_before_it_is_echoed_at_once() -> None:
    buffer = PlaybackBuffer(position=100)
    buffer.queue_mark("alone")

    heard, marks = buffer.advance(100)

    assert (heard, marks) == (b"", ["alone"])


def test_clear_returns_every_pending_mark_and_nothing_more_is_heard() -> None:
    buffer = PlaybackBuffer()
    buffer.queue_audio(b"a" * 10)
    buffer.queue_mark("one")
    buffer.queue_audio(b"b" * 10)
    buffer.queue_mark("two")
    buffer.advance(5)

    cleared = buffer.clear()

    assert cleared == ["one", "two"]
    assert buffer.advance(20) == (SILENCE * 15, [])
    assert buffer.queued_ms == 0


def test_audio_beyond_the_longest_buffer_is_dropped_and_counted() -> None:
    buffer = PlaybackBuffer()
    buffer.queue_audio(b"a" * (LONGEST_BUFFER_MS * BYTES_PER_MS))

    buffer.queue_audio(b"b" * 7)

    assert buffer.dropped_bytes == 7
    assert buffer.queued_ms == LONGEST_BUFFER_MS


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=400), max_size=20),
    steps=st.lists(st.integers(0, 500), max_size=60),
)
def test_whatever_the_steps_nothing_is_lost_and_marks_keep_their_place(chunks: list[bytes], steps: list[int]) -> None:
    buffer = PlaybackBuffer()
    ends: dict[str, int] = {}
    total = 0
    for number, chunk in enumerate(chunks):
        buffer.queue_audio(chunk)
        buffer.queue_mark(str(number))
        total += len(chunk)
        ends[str(number)] = total

    heard = b""
    position = 0
    echoed_at: dict[str, int] = {}
    echoed: list[str] = []
    for step in [*steps, total]:
        position += step
        played, marks = buffer.advance(position)
        heard += played
        echoed += marks
        echoed_at |= dict.fromkeys(marks, position)

    assert heard[:total] == b"".join(chunks)
    assert set(heard[total:]) <= {0xFF}
    assert len(heard) == position
    assert echoed == [str(number) for number in range(len(chunks))]
    assert all(at >= ends[name] for name, at in echoed_at.items())
