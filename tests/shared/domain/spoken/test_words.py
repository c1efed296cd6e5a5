"""Words of recognised speech in comparable form."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.spoken.words import word_count, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("That's ALL, thank you!", ("thats", "all", "thank", "you")),
        ("That\u2019s all", ("thats", "all")),
        ("uh-huh", ("uh", "huh")),
        ("Hmmmmm... okayyyy", ("hmm", "okayy")),
        ("हाँ, ठीक है।", ("हां", "ठीक", "है")),
        ("நான் நல்லா இருக்கேன்.", ("நான்", "நல்லா", "இருக்கேன்")),
        ("at 10:30, Rs 1,00,000", ("at", "10", "30", "rs", "1", "00", "000")),
        ("room 1000", ("room", "1000")),
        (" \u2764\ufe0f ... \u0303", ()),
    ],
)
def test_case_punctuation_and_held_sounds_do_not_matter(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


def test_composed_and_decomposed_letters_are_the_same_word() -> None:
    vietnamese = "được rồi"

    assert words_of(unicodedata.normalize("NFD", vietnamese)) == words_of(unicodedata.normalize("NFC", vietnamese))


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("Wait, stop!", 2), ("रुकिए ज़रा", 2), ("ครับ", 1), ("ขอพูดกับเจ้าหน้าที่", 5)]
)
def test_words_are_counted_and_estimated_where_no_spaces_are_written(text: str, count: int) -> None:
    assert word_count(text) == count


@given(st.text())
def test_no_text_is_too_odd_to_read(text: str) -> None:
    words = words_of(text)

    assert all(word.strip() == word != "" for word in words)
    assert word_count(text) <= len(words)
    assert words_of(" ".join(words).upper()) is not None
