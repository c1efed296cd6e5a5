"""What the platform itself says."""

from __future__ import annotations

import pytest

from shared.domain.spoken.backchannels import BACKCHANNELS
from shared.domain.spoken.fixed_sentences import SentenceKind, sentence


@pytest.mark.parametrize("language", ["en-IN", "hi-IN", "ta-IN"])
def test_all_is_said_in_english_hindi_and_tamil(language: str) -> None:
    said = [sentence(kind, language) for kind in SentenceKind]

    assert all(said)
    assert len(set(said)) == len(SentenceKind)


def test_a_sentence_that_a_language_lacks_is_said_in_english() -> None:
    assert sentence(SentenceKind.FILLER, "te-IN") == sentence(SentenceKind.FILLER, "en-IN")
    assert sentence(SentenceKind.FILLER, "fr") == sentence(SentenceKind.FILLER, "en-IN")


def test_the_change_of_language_is_said_in_each_language_itself() -> None:
    said = {language: sentence(SentenceKind.LANGUAGE_CHANGED, language) for language in BACKCHANNELS}

    assert len(set(said.values())) == len(BACKCHANNELS)


def test_the_script_is_the_languages_own() -> None:
    for kind in SentenceKind:
        assert sentence(kind, "en-IN").isascii()
        assert any("\u0900" <= letter <= "\u097f" for letter in sentence(kind, "hi-IN"))
        assert any("\u0b80" <= letter <= "\u0bff" for letter in sentence(kind, "ta-IN"))
