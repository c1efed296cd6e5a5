"""What another recogniser hears again is what was said, in order, with a little of what came before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_service.listening.replay import UtteranceReplay
from stream_service.media.audio import BYTES_PER_MS

FRAME = 20 * BYTES_PER_MS


def replayed(replay: UtteranceReplay) -> list[tuple[int, bool]]:
    """The bytes and what they are, one by one."""
    return [(value, is_speech) for mulaw, is_speech in replay.slices() for value in mulaw]


def test_speech_is_replayed_with_the_silence_in_it() -> None:
    replay = UtteranceReplay()
    for value, is_speech in ((1, True), (2, False), (3, True)):
        replay.keep(bytes([value]) * FRAME, is_speech=is_speech)

    assert replayed(replay) == [(1, True)] * FRAME + [(2, False)] * FRAME + [(3, True)] * FRAME
    assert replay.speech_bytes == 2 * FRAME


def test_of_the_silence_before_the_first_word_300_ms_are_kept() -> None:
    replay = UtteranceReplay()
    for value in range(100):
        replay.keep(bytes([value]) * FRAME, is_speech=False)
    replay.keep(b"\xc8" * FRAME, is_speech=True)

    assert sorted({value for value, _ in replayed(replay)}) == [*range(85, 100), 200]


def test_of_a_long_utterance_the_beginning_is_forgotten() -> None:
    replay = UtteranceReplay(longest_ms=100)
    for value in range(10):
        replay.keep(bytes([value]) * FRAME, is_speech=True)

    assert sorted({value for value, _ in replayed(replay)}) == [5, 6, 7, 8, 9]
    assert replay.speech_bytes == 5 * FRAME


def test_what_was_forgotten_is_not_replayed() -> None:
    replay = UtteranceReplay()
    replay.keep(b"\x01" * FRAME, is_speech=True)
    replay.forget()

    assert (replayed(replay), replay.speech_bytes) == ([], 0)


@given(st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=60))
def test_what_is_kept_is_always_the_newest_audio_in_order_and_bounded(frames: list[tuple[int, bool]]) -> None:
    replay = UtteranceReplay(longest_ms=200)
    fed: list[tuple[int, bool]] = []

    for number, (size, is_speech) in enumerate(frames):
        replay.keep(bytes([number]) * size, is_speech=is_speech)
        fed += [(number, is_speech)] * size

        kept = replayed(replay)
        assert kept == fed[len(fed) - len(kept) :]
        assert len(kept) <= max(200, 300) * BYTES_PER_MS
        assert replay.speech_bytes == sum(is_speech for _, is_speech in kept)
        assert all(len(mulaw) <= 100 * BYTES_PER_MS for mulaw, _ in replay.slices())
