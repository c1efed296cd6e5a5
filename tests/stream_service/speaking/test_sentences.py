from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_service.speaking.sentences import SentenceSplitter


def pieces_of(text: str, chunk_characters: int = 7) -> list[str]:
    splitter = SentenceSplitter()
    pieces = []
    for start in range(0, len(text), chunk_characters):
        pieces += splitter.push(text[start : start + chunk_characters])
    return pieces + splitter.finish()


def sounds(text: str) -> str:
    """Letters, marks, digits and currency signs: what must survive, in order."""
    return "".join(c for c in text if unicodedata.category(c)[0] in "LMN" or unicodedata.category(c) == "Sc")


def test_each_sentence_is_a_piece() -> None:
    assert pieces_of("We are open. Come today! Shall I book it? Yes.") == [
        "We are open.",
        "Come today!",
        "Shall I book it?",
        "Yes.",
    ]


def test_first_piece_ends_at_a_clause_once_it_is_long_enough() -> None:
    pieces = pieces_of(
        "Good morning and welcome to our clinic, we are open from nine, and close at six. Bye, now, then."
    )

    assert pieces == [
        "Good morning and welcome to our clinic,",
        "we are open from nine, and close at six.",
        "Bye, now, then.",
    ]


def test_short_first_clause_is_not_a_piece() -> None:
    assert pieces_of("Yes, we are open.") == ["Yes, we are open."]


def test_first_piece_is_ready_before_the_reply_is_complete() -> None:
    splitter = SentenceSplitter()

    pieces = splitter.push("Our reception is open from nine, and")

    assert pieces == ["Our reception is open from nine,"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Mehta and Mrs. Rao are in today.",
        "The fee is Rs. 1,199.50 for a visit.",
        "It costs ₹2.50 or ₹1,00,000.75 in all.",
        "Take room No. 14 on the left.",
        "Bring a document, e.g. Aadhaar or a passport.",
        "We open at 9.30 a.m. every day.",
        "See www.example.com/a.b?c=d for more.",
        "Ask for A. K. Sharma at the desk.",
        "Version 3.11 is out.",
    ],
)
def test_full_stop_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    splitter = SentenceSplitter()
    splitter.push("Hello. ")

    pieces = [piece for character in sentence for piece in splitter.push(character)] + splitter.finish()

    assert pieces[-1] == sentence


def test_no_before_a_word_is_an_answer_and_ends_the_sentence() -> None:
    assert pieces_of("No. We are closed.") == ["No.", "We are closed."]


def test_number_of_a_list_item_stays_with_the_item() -> None:
    assert pieces_of("1. Open the app.\n2. Choose a doctor.") == ["1. Open the app.", "2. Choose a doctor."]


def test_danda_ends_a_sentence() -> None:
    assert pieces_of("हम नौ बजे खुलते हैं। आप आ सकते हैं।") == ["हम नौ बजे खुलते हैं।", "आप आ सकते हैं।"]


def test_long_sentence_is_cut_between_words() -> None:
    text = "word " * 200

    pieces = pieces_of(text)

    assert len(pieces) > 2
    assert all(len(piece) <= 300 for piece in pieces)
    assert " ".join(pieces).split() == text.split()


def test_markup_is_not_spoken() -> None:
    assert pieces_of("## Our *fees*\n- **Visit**: `₹500`\n- See [the list](https://example.com/fees) for more") == [
        "Our fees",
        "Visit: ₹500",
        "See the list for more",
    ]


def test_piece_without_any_sound_is_dropped() -> None:
    assert pieces_of("Done.\n---\n...\nBye.") == ["Done.", "Bye."]


REPLY = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Dr.",
                "Rs.",
                "1,199.50",
                "₹500",
                "e.g.",
                "No.",
                "3.",
                "A.",
                "**bold**",
                "हैं।",
                "...",
                "?",
                "!",
                "\n",
                "- ",
                "#",
            ]
        ),
        st.text(alphabet="abcXYZ019.,;:!?।₹-*_`# \n—é", max_size=12),
    ),
    max_size=80,
).map(" ".join)


@given(text=REPLY, chunk_characters=st.integers(min_value=1, max_value=40))
def test_nothing_that_sounds_is_lost_or_reordered(text: str, chunk_characters: int) -> None:
    pieces = pieces_of(text, chunk_characters)

    assert sounds("".join(pieces)) == sounds(text)


@given(text=REPLY, chunk_characters=st.integers(min_value=1, max_value=40))
def test_pieces_are_bounded_and_never_empty(text: str, chunk_characters: int) -> None:
    pieces = pieces_of(text, chunk_characters)

    assert all(0 < len(piece) <= 300 for piece in pieces)
