"""Cutting long replies."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.text_parts import split_text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("   ", []),
        ("short", ["short"]),
        ("First part.\n\nSecond part. It goes on.", ["First part.", "Second part.", "It goes on."]),
        ("One two. Three four. Five", ["One two.", "Three four. Five"]),
        ("अच्छा है। ठीक है। चलो अब", ["अच्छा है।", "ठीक है। चलो अब"]),
        ("a" * 40, ["a" * 16, "a" * 16, "a" * 8]),
        ("exactly sixteen!", ["exactly sixteen!"]),
    ],
)
def test_the_cut_is_at_the_best_border(text: str, parts: list[str]) -> None:
    assert split_text(text, 16) == parts


@given(st.text(alphabet="ab. \n", max_size=300), st.integers(min_value=5, max_value=40))
def test_every_part_fits_and_no_word_is_lost(text: str, limit: int) -> None:
    parts = split_text(text, limit)

    assert all(0 < len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


CHARACTERS = [
    "a",
    "é",
    "e\u0301",
    "क्षि",
    "स्त्री",
    "ज़",
    "த",
    "கி",
    "கொ",
    "ஸ்",
    "👍",
    "👍🏽",
    "👩\u200d👩\u200d👧\u200d👦",
    "❤\ufe0f",
    "🇮🇳",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "1\ufe0f\u20e3",
]


@given(st.lists(st.sampled_from(CHARACTERS), min_size=20, max_size=120), st.integers(min_value=16, max_value=30))
def test_what_a_reader_sees_as_one_character_is_never_cut_apart(characters: list[str], limit: int) -> None:
    text = "".join(characters)
    borders = {0, *itertools.accumulate(map(len, characters))}

    parts = split_text(text, limit)

    assert "".join(parts) == text
    assert set(itertools.accumulate(map(len, parts))) <= borders
    assert all(len(part) <= limit for part in parts)


def test_a_run_of_flags_is_cut_between_two_of_them() -> None:
    assert split_text("a" + "🇮🇳" * 5, 6) == ["a" + "🇮🇳" * 2, "🇮🇳" * 3]


def test_a_character_without_end_is_cut_all_the_same() -> None:
    parts = split_text("a" + "\u0301" * 500, 200)

    assert [len(part) for part in parts] == [200, 200, 101]


@given(st.text(max_size=400), st.integers(min_value=1, max_value=50))
def test_any_text_is_cut_into_parts_that_fit(text: str, limit: int) -> None:
    parts = split_text(text, limit)

    assert all(0 < len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
