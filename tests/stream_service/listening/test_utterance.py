from __future__ import annotations

from stream_service.listening.utterance import UtteranceAudio

FRAME_BYTES = 160
SURROUNDING_FRAMES = 15


def feed(utterance: UtteranceAudio, *frames: tuple[int, int, bool]) -> None:
    """Feed (count, byte, is_speech) runs of 20 ms frames."""
    for count, byte, is_speech in frames:
        for _ in range(count):
            utterance.feed(bytes([byte]) * FRAME_BYTES, is_speech=is_speech)


def test_speech_is_kept_with_300_ms_around_it() -> None:
    utterance = UtteranceAudio()

    feed(utterance, (50, 1, False), (10, 2, True), (50, 3, False))

    expected = bytes([1]) * SURROUNDING_FRAMES + bytes([2]) * 10 + bytes([3]) * SURROUNDING_FRAMES
    assert utterance.audio[::FRAME_BYTES] == expected
    assert utterance.speech_ms == 200


def test_middle_of_a_long_silence_is_dropped() -> None:
    utterance = UtteranceAudio()

    feed(utterance, (5, 1, True), (100, 2, False), (5, 3, True))

    assert utterance.audio[::FRAME_BYTES] == bytes([1]) * 5 + bytes([2]) * 2 * SURROUNDING_FRAMES + bytes([3]) * 5


def test_short_pause_is_kept_whole() -> None:
    utterance = UtteranceAudio()

    feed(utterance, (5, 1, True), (20, 2, False), (5, 3, True))

    assert utterance.audio[::FRAME_BYTES] == bytes([1]) * 5 + bytes([2]) * 20 + bytes([3]) * 5


def test_silence_alone_is_no_utterance() -> None:
    utterance = UtteranceAudio()

    feed(utterance, (1000, 1, False))

    assert not utterance.audio
    assert utterance.speech_ms == 0


def test_lead_in_is_kept_for_the_utterance_after_a_forgotten_one() -> None:
    utterance = UtteranceAudio()
    feed(utterance, (5, 1, True), (30, 2, False))

    utterance.forget()
    feed(utterance, (1, 3, True))

    assert utterance.audio[::FRAME_BYTES] == bytes([2]) * SURROUNDING_FRAMES + bytes([3])


def test_cut_takes_the_beginning_and_leaves_the_rest() -> None:
    utterance = UtteranceAudio()
    feed(utterance, (10, 1, True), (5, 2, True))

    window = utterance.cut(10 * FRAME_BYTES)

    assert window == bytes([1]) * 10 * FRAME_BYTES
    assert utterance.audio == bytes([2]) * 5 * FRAME_BYTES
    assert utterance.speech_ms == 100
