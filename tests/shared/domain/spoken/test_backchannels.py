"""Signs of listening, told from words that want the floor."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.spoken.backchannels import BACKCHANNELS, is_backchannel

PHRASES = [(language, phrase.strip()) for language, listed in BACKCHANNELS.items() for phrase in listed.split(",")]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Uh-huh.", "en-IN"),
        ("Mm-hmm", "en-US"),
        ("hmmmmmm", "en-IN"),
        ("Yeah, yeah, okay.", "en-GB"),
        ("oh I see", "en-IN"),
        ("हाँ", "hi-IN"),
        ("हां जी, ठीक है।", "hi-IN"),
        ("haan haan", "hi-IN"),
        ("Achha, theek hai", "en-IN"),
        ("haan okay achha", "ta-IN"),
        ("हाँ okay", "en-IN"),
        ("ஆமா", "ta-IN"),
        ("சரி சரி", "ta-IN"),
        ("ம்ம்ம்", "ta-IN"),
        ("seri okay", "ta-IN"),
        ("ಹೂಂ", "kn-IN"),
        ("అవునండి", "te-IN"),
        ("আচ্ছা ঠিক আছে", "bn-IN"),
        ("ठीक आहे", "mr-IN"),
        ("હા બરાબર", "gu-IN"),
        ("ശരി", "ml-IN"),
        ("ਹਾਂਜੀ", "pa-IN"),
        ("جی ہاں", "ur-IN"),
        ("oh gitu, ya", "id-ID"),
        ("baiklah", "ms-MY"),
        ("ครับผม ใช่ครับ", "th-TH"),
        ("dạ vâng", "vi-VN"),
        ("opo, sige po", "tl-PH"),
    ],
)
def test_signs_of_listening_are_known_in_the_calls_language_english_and_hindi(text: str, language: str) -> None:
    assert is_backchannel(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "en-IN"),
        ("...", "en-IN"),
        ("no", "en-IN"),
        ("No, wait", "en-IN"),
        ("okay but what about Monday", "en-IN"),
        ("huh?", "en-IN"),
        ("hello?", "en-IN"),
        ("stop", "hi-IN"),
        ("नहीं", "hi-IN"),
        ("रुकिए", "hi-IN"),
        ("haan lekin kab", "hi-IN"),
        ("hai", "hi-IN"),
        ("வேண்டாம்", "ta-IN"),
        ("ஆமா ஆனா", "ta-IN"),
        ("ไม่ครับ", "th-TH"),
        ("không", "vi-VN"),
        ("tidak", "id-ID"),
    ],
)
def test_whatever_wants_an_answer_is_no_backchannel(text: str, language: str) -> None:
    assert not is_backchannel(text, language)


def test_the_words_of_another_language_do_not_count() -> None:
    assert not is_backchannel("ஆமா", "te-IN")


def test_decomposed_letters_are_understood() -> None:
    assert is_backchannel(unicodedata.normalize("NFD", "được rồi"), "vi-VN")


@given(
    said=st.lists(st.sampled_from(PHRASES), min_size=1, max_size=6),
    cases=st.sampled_from([str.upper, str.lower, str.title]),
    mark=st.sampled_from([" ", ", ", "... ", "-"]),
)
def test_any_mixture_of_english_hindi_and_the_calls_language_counts(
    said: list[tuple[str, str]], cases: type[str], mark: str
) -> None:
    own = said[0][0]
    understood = [phrase for language, phrase in said if language in {own, "en", "hi"}]

    assert is_backchannel(cases(mark.join(understood)), own)


@given(said=st.lists(st.sampled_from([phrase for _, phrase in PHRASES]), max_size=4), place=st.integers(0, 4))
def test_one_word_that_matters_is_enough(said: list[str], place: int) -> None:
    words = [*said[:place], "appointment", *said[place:]]

    assert not any(is_backchannel(" ".join(words), language) for language in BACKCHANNELS)
