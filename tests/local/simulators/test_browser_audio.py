"""A browser's sound is irregular; the call's is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from local.simulators.browser_audio import (
    COMFORTABLE_FRAMES,
    FIRST_FRAMES,
    MOST_FRAMES,
    Earpiece,
    JitterBuffer,
)
from local.simulators.handset import SILENT_FRAME

LOUD = b"\x00" * 160


def frame(number: int) -> bytes:
    """A loud frame that can be told from the others."""
    return bytes([number % 100]) * 160


def test_first_frames_are_held_until_a_few_are_there() -> None:
    buffer = JitterBuffer()

    heard = []
    for number in range(FIRST_FRAMES):
        buffer.put(frame(number))
        heard.append(buffer.next_frame())

    assert heard == [SILENT_FRAME] * (FIRST_FRAMES - 1) + [frame(0)]


def test_empty_buffer_is_silent_and_fills_again() -> None:
    buffer = JitterBuffer()
    for number in range(FIRST_FRAMES):
        buffer.put(frame(number))
    spoken = [buffer.next_frame() for _ in range(FIRST_FRAMES)]

    silent = buffer.next_frame()
    buffer.put(frame(9))

    assert spoken == [frame(number) for number in range(FIRST_FRAMES)]
    assert silent == SILENT_FRAME
    assert buffer.next_frame() == SILENT_FRAME


def test_pauses_are_shortened_when_the_buffer_has_grown() -> None:
    buffer = JitterBuffer()
    for _ in range(COMFORTABLE_FRAMES + 3):
        buffer.put(SILENT_FRAME)
    buffer.put(LOUD)

    frames_until_loud = 1
    while buffer.next_frame() != LOUD:
        frames_until_loud += 1

    assert frames_until_loud < COMFORTABLE_FRAMES + 4


def test_speech_is_never_shortened_below_the_limit() -> None:
    buffer = JitterBuffer()
    spoken = [frame(number) for number in range(MOST_FRAMES)]
    for each in spoken:
        buffer.put(each)

    heard = [buffer.next_frame() for _ in spoken]

    assert heard == spoken


def test_oldest_frames_give_way_when_the_page_sends_too_many() -> None:
    buffer = JitterBuffer()
    for number in range(MOST_FRAMES + 5):
        buffer.put(frame(number))

    assert buffer.next_frame() == frame(5)
    assert buffer.dropped == 5


@given(st.lists(st.booleans(), max_size=400))
def test_speech_keeps_its_order_and_nothing_is_invented(steps: list[bool]) -> None:
    buffer = JitterBuffer()
    put = 0
    heard = []

    for is_put in steps:
        if is_put:
            buffer.put(put.to_bytes(2, "big") + LOUD[2:])
            put += 1
        else:
            heard.append(buffer.next_frame())

    spoken = [int.from_bytes(each[:2], "big") for each in heard if each != SILENT_FRAME]
    assert all(len(each) == 160 for each in heard)
    assert spoken == sorted(set(spoken))
    assert len(spoken) + buffer.dropped <= put


@given(st.lists(st.binary(max_size=500), max_size=20))
def test_earpiece_passes_everything_on_in_whole_frames(pieces: list[bytes]) -> None:
    played: list[bytes] = []
    earpiece = Earpiece(played.append)

    for piece in pieces:
        earpiece.record_heard(piece, position=0)

    everything = b"".join(pieces)
    assert b"".join(played) == everything[: len(everything) // 160 * 160]
    assert {len(each) for each in played} <= {160}
