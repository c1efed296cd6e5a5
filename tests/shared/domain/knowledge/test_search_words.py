"""Words by which texts are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.knowledge.search_words import all_words, forms, found_words, is_open, optional_words, search_words


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Can I cancel?", "You can cancel free of charge."),
        ("bookings", "To book, call us."),
        ("vaccination", "Children are vaccinated on Wednesdays."),
        ("fee", "Our fees are low."),
        ("क्लिनिक कब खुलता है?", "क्लिनिक खुलने का समय"),
        ("फीस", "फ़ीस 600 रुपये है"),
        ("पाँच", "पांच"),
        ("clinic kab khulta hai", "Clinic 8 baje khulega"),
        ("PAYMENT", "payment"),
        ("₹600?", "600 rupees"),
    ],
)
def test_all_words_of_the_question_are_found(question: str, text: str) -> None:
    stems = search_words(question)

    assert stems
    assert found_words(stems, all_words(text)) >= frozenset(range(len(stems))) - optional_words(stems)


@pytest.mark.parametrize(("question", "text"), [("fee", "I feel ill"), ("60", "600"), ("car", "by card")])
def test_short_words_and_numbers_are_not_found_in_longer_ones(question: str, text: str) -> None:
    assert not found_words(search_words(question), all_words(text))


@pytest.mark.parametrize("question", ["What is it?", "आप क्या हैं?", "kya hai", "என்ன?", "", "?!", "a"])
def test_words_that_every_text_has_are_not_looked_for(question: str) -> None:
    assert search_words(question) == ()


@given(st.text(max_size=60))
def test_every_word_is_found_in_the_text_that_it_comes_from(text: str) -> None:
    stems = search_words(text)

    assert len(set(stems)) == len(stems)
    assert found_words(stems, all_words(text)) == frozenset(range(len(stems)))


@given(st.text(max_size=60))
def test_no_character_of_a_query_language_remains(text: str) -> None:
    letters = "".join("".join(forms(one)) if not is_open(one) else one for one in search_words(text))

    assert not set(letters) & set("'\\&|!:*() ")


def test_nothing_is_looked_for_by_what_no_passage_has() -> None:
    assert search_words("fees " + "0" * 4096) == ("fee",)
