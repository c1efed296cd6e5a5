"""Cutting long replies."""

from __future__ import annotations

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
