"""Estimates of tokens: enough to keep a budget in any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.tokens import estimate_tokens, longest_beginning


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("x", 1),
        ("x" * 400, 100),
        ("é" * 400, 100),
        ("क" * 300, 200),
        ("ก" * 300, 300),
        ("ក" * 300, 300),
        ("ж" * 300, 150),
    ],
)
def test_scripts_that_vocabularies_know_less_cost_more(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


def test_a_mixed_text_costs_the_sum_of_its_parts() -> None:
    assert estimate_tokens("abcd" * 10 + "क" * 30) == 10 + 20


def test_a_cut_text_ends_between_words() -> None:
    assert longest_beginning("one two three four", 3) == "one two"


@given(st.text(), st.integers(0, 50))
def test_a_beginning_has_no_more_tokens_than_allowed(text: str, tokens: int) -> None:
    part = longest_beginning(text, tokens)

    assert text.startswith(part)
    assert estimate_tokens(part) <= tokens
