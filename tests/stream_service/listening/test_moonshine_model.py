from __future__ import annotations

import pytest

from stream_service.listening.moonshine_model import (
    LONGEST_WINDOW_MS,
    MoonshineModel,
    cut_into_windows,
    quietest_moment,
    read_tokens,
)
from tests.stream_service.listening.utterances import MODEL_DIR, recorded_utterances

LOUD = b"\x80\x00" * 4
QUIET = b"\xff" * 8
MS = 8


def test_vocabulary_has_lengths_of_one_or_two_bytes() -> None:
    table = b"\x03abc" + b"\x00" + bytes([128 + 44, 1]) + b"x" * 172

    assert read_tokens(table) == [b"abc", b"", b"x" * 172]


def test_short_audio_is_one_window() -> None:
    assert cut_into_windows(LOUD * 1000) == [LOUD * 1000]


def test_no_audio_is_no_window() -> None:
    assert cut_into_windows(b"") == []


def test_long_audio_is_cut_in_its_pause() -> None:
    mulaw = LOUD * 10_000 + QUIET * 300 + LOUD * 10_000

    cut = quietest_moment(mulaw)

    assert 10_000 * MS < cut < 10_300 * MS


def test_windows_are_short_enough_and_lose_nothing() -> None:
    mulaw = LOUD * 50_000

    windows = cut_into_windows(mulaw)

    assert b"".join(windows) == mulaw
    assert all(len(window) <= LONGEST_WINDOW_MS * MS for window in windows)


@pytest.mark.integration
def test_recording_of_several_sentences_is_transcribed_to_its_end() -> None:
    utterances = recorded_utterances()
    model = MoonshineModel.load(MODEL_DIR)

    text = model.transcribe(b"".join(utterance.mulaw for utterance in utterances)).casefold()

    assert [u.text for u in utterances if u.text.casefold().rstrip(".?") not in text] == []


@pytest.mark.integration
def test_silence_has_no_words() -> None:
    assert MoonshineModel.load(MODEL_DIR).transcribe(b"\xff" * 16_000) == ""
