from __future__ import annotations

import pytest

from shared.domain.sentence import sentence_end, split_sentences


def test_text_is_split_into_its_sentences() -> None:
    assert split_sentences("We open at 9. Dr. Rao comes at 10.30! Shall I book?  Yes") == [
        "We open at 9.",
        "Dr. Rao comes at 10.30!",
        "Shall I book?",
        "Yes",
    ]


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_is_no_sentence(text: str) -> None:
    assert split_sentences(text) == []


def test_full_stop_at_the_end_cannot_be_judged_before_what_follows_is_seen() -> None:
    assert sentence_end("We open at 9. ", is_complete=False) is None
    assert sentence_end("We open at 9. ", is_complete=True) == 13
    assert sentence_end("We open at 9. T", is_complete=False) == 13


def test_closing_quotes_belong_to_the_sentence() -> None:
    assert split_sentences('He said "come." Then he left.') == ['He said "come."', "Then he left."]


def test_lines_are_sentences() -> None:
    assert split_sentences("Fees\nA visit: 500 rupees") == ["Fees", "A visit: 500 rupees"]


def test_day_after_a_time_belongs_to_the_sentence() -> None:
    assert split_sentences("We open at 9 a.m. Monday to Friday. We close at 6 p.m. Come early.") == [
        "We open at 9 a.m. Monday to Friday.",
        "We close at 6 p.m.",
        "Come early.",
    ]


def test_the_end_of_a_line_ends_a_sentence_although_nothing_follows_yet():
    assert sentence_end("One moment.\n", is_complete=False) == len("One moment.")
    assert sentence_end("One moment. ", is_complete=False) is None
    assert sentence_end("Ask for Dr.\n", is_complete=False) == len("Ask for Dr.\n")
