"""Expressions of operators."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.linear_expressions import compile_expression
from shared.errors import InvalidContent


def test_what_it_finds_first_is_told_without_regard_to_case() -> None:
    find = compile_expression(r"order\s+\d+|रिफ(ं|न्)ड")

    assert find("my ORDER  77, then order 78") == "ORDER  77"
    assert find("मुझे रिफंड चाहिए") == "रिफंड"
    assert find("nothing of the kind") is None


def test_an_expression_that_brings_others_to_a_halt_is_answered() -> None:
    find = compile_expression(r"(a+)+$")

    assert find("a" * 4000 + "!") is None


def test_half_a_character_fails_nothing() -> None:
    assert compile_expression("bill")("\ud83d bill") == "bill"
    with pytest.raises(InvalidContent):
        compile_expression("\ud83d")


# Without "C": the deprecated \\C takes a character apart.
@given(pattern=st.text(st.characters(codec="utf-8", exclude_characters="C"), max_size=40), text=st.text(max_size=60))
def test_any_expression_is_refused_or_finds_a_piece_of_the_text_or_nothing(pattern: str, text: str) -> None:
    try:
        find = compile_expression(pattern)
    except InvalidContent:
        return

    found = find(text)

    assert found is None or found in text
