"""Phrases and the ways to read an utterance as a row of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.spoken.phrases import PhraseBook, phrases_of, primary_language

BOOK = PhraseBook({1: phrases_of("uh huh, theek hai"), 2: phrases_of("theek, bye bye"), 4: phrases_of("bye bye")})


@pytest.mark.parametrize(
    ("tag", "language"),
    [("hi-IN", "hi"), ("HI_in", "hi"), ("zh-Hant-TW", "zh"), ("tl-PH", "fil"), ("in", "id"), ("", "")],
)
def test_a_tag_names_its_language_as_the_tables_do(tag: str, language: str) -> None:
    assert primary_language(tag) == language


@pytest.mark.parametrize(
    ("words", "readings"),
    [
        ("uh huh", {1}),
        ("uh huh theek hai", {1}),
        ("uh huh theek", {3}),
        ("bye bye", {2, 4}),
        ("uh", set()),
        ("theek hai kya", set()),
        ("", set()),
    ],
)
def test_an_utterance_is_read_as_phrases_and_nothing_else(words: str, readings: set[int]) -> None:
    assert BOOK.readings(tuple(words.split())) == readings


@given(st.lists(st.sampled_from(["uh huh", "theek hai", "theek", "bye bye"]), min_size=1, max_size=200))
def test_any_row_of_phrases_is_read(row: list[str]) -> None:
    assert BOOK.readings(tuple(" ".join(row).split()))


def test_a_book_without_phrases_reads_nothing() -> None:
    assert not PhraseBook({}).readings(("yes",))
