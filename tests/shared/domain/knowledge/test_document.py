"""Documents cut into passages: nothing lost, nothing torn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.knowledge.document import (
    LONGEST_SENTENCE,
    LONGEST_TITLE,
    MOST_PASSAGES,
    PASSAGE_WORDS,
    cut_into_passages,
)
from shared.errors import InvalidContent

LETTERS = st.text(alphabet="abcखुलताநகरம்", min_size=1, max_size=9)
SENTENCE = st.lists(LETTERS, min_size=1, max_size=30).map(lambda words: f"{' '.join(words)}।")
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=8).map(" ".join)
HEADING = st.tuples(st.integers(1, 4), LETTERS).map(lambda given: f"{'#' * given[0]} {given[1]}")
TEXT = st.lists(st.one_of(PARAGRAPH, HEADING), min_size=1, max_size=20).map("\n\n".join)


def texts(document: str, title: str = "Notes") -> list[str]:
    return [passage.text for passage in cut_into_passages(document, title=title)]


@given(TEXT)
def test_no_word_of_the_text_is_lost_or_moved(document: str) -> None:
    said = [line for line in document.split("\n") if not line.startswith("#")]
    headings = [line.lstrip("# ") for line in document.split("\n") if line.startswith("#")]

    passages = cut_into_passages(document, title="Notes")

    kept = [word for passage in passages for word in passage.text.split()]
    wanted = [word for line in said for word in line.split()]
    alone = iter(kept)
    assert all(word in alone for word in wanted)
    assert len(kept) - len(wanted) <= len(headings)
    names = " ".join(f"{passage.title} {passage.text}" for passage in passages)
    assert all(heading in names for heading in headings)


@given(TEXT)
def test_passages_are_bounded_and_end_where_sentences_do(document: str) -> None:
    headings = {line.lstrip("# ") for line in document.split("\n") if line.startswith("#")}

    for passage in cut_into_passages(document, title="Notes"):
        assert len(passage.text.split()) <= PASSAGE_WORDS
        assert len(passage.title) <= LONGEST_TITLE
        assert passage.text.endswith("।") or passage.text in headings


@given(st.text(max_size=3000))
def test_any_text_is_cut_or_refused(document: str) -> None:
    try:
        passages = cut_into_passages(document, title="Notes")
    except InvalidContent:
        return

    assert all(passage.text.strip() and "\x00" not in passage.text for passage in passages)
    assert all(len(passage.text) <= LONGEST_SENTENCE + PASSAGE_WORDS for passage in passages)


def test_passages_are_titled_by_the_headings_above_them() -> None:
    document = "Before.\n# Fees\nAll in rupees.\n## Children\nFree.\n## Adults\n600.\n# Address\nIndiranagar."

    passages = cut_into_passages(document, title="Notes")

    assert [(passage.title, passage.text) for passage in passages] == [
        ("Notes", "Before."),
        ("Fees", "All in rupees."),
        ("Fees: Children", "Free."),
        ("Fees: Adults", "600."),
        ("Address", "Indiranagar."),
    ]


def test_lines_that_were_broken_anywhere_are_one_sentence() -> None:
    assert texts("We open at 8 am on\nMondays. We close\nat 8 pm.") == ["We open at 8 am on Mondays. We close at 8 pm."]


def test_items_of_a_list_stay_lines_of_their_own() -> None:
    assert texts("Bring:\n- a card\n- reports") == ["Bring:\n- a card\n- reports"]


def test_long_paragraphs_are_cut_between_sentences_of_either_script() -> None:
    english, hindi = f"Every {'word ' * 68}ends. ", f"{'शब्द ' * 69}अंत। "

    assert texts(english * 2 + hindi * 2) == [english.strip(), english.strip(), hindi.strip(), hindi.strip()]


def test_what_never_ends_is_cut_between_words() -> None:
    parts = texts("endless " * 1000)

    assert all(len(part) <= LONGEST_SENTENCE for part in parts)
    assert " ".join(parts).split() == ["endless"] * 1000


def test_a_document_without_words_is_refused() -> None:
    with pytest.raises(InvalidContent, match="no text"):
        cut_into_passages(" \n\n ", title="Notes")


def test_a_document_of_too_many_passages_is_refused() -> None:
    with pytest.raises(InvalidContent, match="upload it in parts"):
        cut_into_passages("\n".join(f"# {n}\nText." for n in range(MOST_PASSAGES + 1)), title="Notes")
