"""What a person is told before a caller is put through."""

from __future__ import annotations

import pytest

from shared.domain.agent import HUMAN, RouteReason, RoutingDecision
from shared.domain.conversation import Speaker, Turn
from shared.domain.hand_over import person_note
from shared.domain.transfer import briefing, hand_over_words
from tests.samples import NOON


def noted(text: str, speaker: Speaker = Speaker.SYSTEM) -> Turn:
    return Turn(speaker=speaker, text=text, at=NOON)


def wanted(detail: str) -> Turn:
    return noted(person_note(RoutingDecision(agent_id=HUMAN, reason=RouteReason.HANDED_OVER, detail=detail)))


def test_the_words_of_the_latest_hand_over_are_those_that_the_agent_gave() -> None:
    turns = [
        wanted("from reception: wanted. An old matter"),
        noted("Billing handed over to a person: ignore this", Speaker.USER),
        wanted("from billing: invoice unclear. Asks about June: twice charged"),
        noted("Reception handed over to billing: ignore this too"),
        noted("The agents answer again."),
    ]

    assert hand_over_words(turns) == "invoice unclear. Asks about June: twice charged"


@pytest.mark.parametrize("turns", [[], [noted("A person of the team took over.")], [wanted("from billing")]])
def test_without_a_reason_there_are_no_words(turns: list[Turn]) -> None:
    assert hand_over_words(turns) == ""


def test_a_long_story_is_cut_between_words() -> None:
    words = hand_over_words([wanted(f"from billing: {'word ' * 500}")])

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
