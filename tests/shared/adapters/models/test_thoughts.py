"""Thoughts are not said aloud."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.models.thoughts import ThoughtFilter

CASES = {
    "We open at nine.": "We open at nine.",
    "<thinking>The user wants hours.</thinking>\n\nWe open at nine.": "We open at nine.",
    "<think>\nHm </thinking> 3 < 4\n</think>\n\nAt nine. <think>More?</think> Bye.": "At nine. Bye.",
    "<think>never ends": "",
    "A <b>bold</b> claim: 3 < 4 <thin": "A <b>bold</b> claim: 3 < 4 <thin",
    "<thinking></thinking>": "",
    "<THINK>loud</THINK>": "<THINK>loud</THINK>",
}


def words(chunks: list[str]) -> str:
    thoughts = ThoughtFilter()
    return "".join([thoughts.feed(chunk) for chunk in chunks] + [thoughts.finish()])


@pytest.mark.parametrize("text", CASES)
@given(cuts=st.lists(st.integers(min_value=0, max_value=90), max_size=30))
def test_words_without_thoughts_however_the_stream_is_cut(text: str, cuts: list[int]) -> None:
    bounds = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]

    assert words([text[begin:end] for begin, end in itertools.pairwise(bounds)]) == CASES[text]


@pytest.mark.parametrize("text", CASES)
def test_words_without_thoughts_letter_by_letter(text: str) -> None:
    assert words(list(text)) == CASES[text]


def test_words_flow_at_once() -> None:
    thoughts = ThoughtFilter()

    assert thoughts.feed("We open ") == "We open "
    assert thoughts.feed("at 3 < 4") == "at 3 < 4"


@given(st.text(alphabet="<think>ing/ ab", max_size=60))
def test_what_is_no_thought_is_said_to_the_letter(text: str) -> None:
    if "<think>" not in text and "<thinking>" not in text:
        assert words(list(text)) == text
