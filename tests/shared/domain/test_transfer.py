"""What a person is told before a caller is put through."""

from __future__ import annotations

import pytest

from shared.domain.conversation import Speaker, Turn
from shared.domain.transfer import briefing, hand_over_note, hand_over_words
from tests.samples import NOON


def noted(text: str, speaker: Speaker = Speaker.SYSTEM) -> Turn:
    return Turn(speaker=speaker, text=text, at=NOON)


def test_the_words_of_the_latest_hand_over_are_those_that_the_agent_gave() -> None:
    turns = [
        noted(hand_over_note("from reception: wanted. An old matter")),
        noted("Handed over to a person: ignore this", Speaker.USER),
        noted(hand_over_note("from billing: invoice unclear. Asks about June: twice charged")),
        noted("The agents answer again."),
    ]

    assert hand_over_words(turns) == "invoice unclear. Asks about June: twice charged"


@pytest.mark.parametrize(
    "turns", [[], [noted("A person of the team took over.")], [noted(hand_over_note("from billing"))]]
)
def test_without_a_reason_there_are_no_words(turns: list[Turn]) -> None:
    assert hand_over_words(turns) == ""


def test_a_long_story_is_cut_between_words() -> None:
    words = hand_over_words([noted(hand_over_note(f"from billing: {'word ' * 500}"))])

    assert words.endswith("word …")
    assert len(words) < 610


def test_the_person_hears_who_calls_and_what_about() -> None:
    assert briefing(caller_id="919800000001", name="Asha Rao", about="Wants a refund") == (
        "A call from Asha Rao. Wants a refund."
    )


def test_a_number_is_read_digit_by_digit() -> None:
    assert briefing(caller_id="9198", name=None, about="") == "A call from 9 1 9 8."


def test_a_hidden_number_is_not_read() -> None:
    assert (
        briefing(caller_id="anonymous-CA1", name=None, about="Why?")
        == "A call from somebody who hides the number. Why?"
    )
