"""Who may get a question next, and what is noted when somebody gets it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.agent import HUMAN, RouteReason, RoutingDecision
from shared.domain.conversation import Speaker, Turn
from shared.domain.hand_over import (
    HAND_OVERS_LATELY,
    HAND_OVERS_PER_TURN,
    colleagues_of,
    hand_over_turns,
    is_hand_over,
    person_note,
    route_of,
    to_a_colleague,
    words_for_person,
)
from shared.domain.prompt import HandOver
from tests.samples import NOON
from tests.shared.use_cases.house import an_agent

AGENTS = [an_agent(name) for name in ("a", "b", "c", "d", "e", "f")]
HANDED_OVER = RouteReason.HANDED_OVER


def offered(*served: str, lately: int = 0) -> list[str]:
    return [colleague.id for colleague in colleagues_of(served, AGENTS, lately=lately)]


def passed(*ways: tuple[str, str], reason: str = "About money", summary: str = "Wants a copy.") -> RoutingDecision:
    """The route after hand-overs, each from one to another."""
    route: RoutingDecision | None = None
    for giver, target in ways:
        route = route_of(HandOver(target=target, reason=reason, summary=summary), an_agent(giver), after=route)
    assert route is not None
    return route


def notes(route: RoutingDecision, agent_id: str | None) -> list[str]:
    return [turn.text for turn in hand_over_turns(route.reason, route.detail, agent_id, at=NOON)]


def of_system(text: str) -> Turn:
    return Turn(speaker=Speaker.SYSTEM, text=text, at=NOON)


def test_nobody_gets_a_question_twice() -> None:
    assert offered("b") == ["a", "c", "d", "e", "f", HUMAN]
    assert offered("b", "a") == ["c", "d", "e", "f", HUMAN]


def test_after_three_hand_overs_of_a_turn_only_a_person_is_left() -> None:
    assert HAND_OVERS_PER_TURN == 3
    assert offered("a", "b", "c") == ["d", "e", "f", HUMAN]
    assert offered("a", "b", "c", "d") == [HUMAN]


def test_after_five_hand_overs_of_half_an_hour_only_a_person_is_left() -> None:
    assert HAND_OVERS_LATELY == 5
    assert HUMAN in offered("a", lately=4)
    assert len(offered("a", lately=4)) == 6
    assert offered("a", lately=5) == [HUMAN]
    assert offered("a", "b", lately=4) == [HUMAN]


def test_who_names_nobody_who_was_offered_gets_a_person() -> None:
    hand_over = HandOver(target="a", reason="r", summary="s")

    assert to_a_colleague(hand_over, colleagues_of(["b"], AGENTS)) == hand_over
    assert to_a_colleague(hand_over, colleagues_of(["a"], AGENTS)).target == HUMAN


def test_a_hand_over_is_noted_with_its_reason_and_summary() -> None:
    route = passed(("reception", "billing"))

    assert route.detail == "from reception: About money. Wants a copy"
    assert hand_over_turns(route.reason, route.detail, "billing", at=NOON) == [
        of_system("Reception handed over to billing: About money. Wants a copy")
    ]


def test_each_hand_over_of_a_turn_is_noted_in_order() -> None:
    assert notes(passed(("reception", "billing"), ("billing", "tech")), "tech") == [
        "Reception handed over to billing: About money. Wants a copy",
        "Billing handed over to tech: About money. Wants a copy",
    ]


def test_the_hand_over_to_a_person_is_noted_with_what_came_before_it() -> None:
    route = passed(("reception", "billing"), ("billing", HUMAN))

    assert notes(route, "billing") == []
    assert person_note(route).split("\n") == [
        "Reception handed over to billing: About money. Wants a copy",
        "Billing handed over to a person: About money. Wants a copy",
    ]
    assert words_for_person(of_system(person_note(route))) == "About money. Wants a copy"


def test_a_rule_that_wants_a_person_is_noted_without_words() -> None:
    note = person_note(RoutingDecision(agent_id=HUMAN, reason=RouteReason.RULE, detail="from x: rule-1"))

    assert note == "A rule handed over to a person."
    assert words_for_person(of_system(note)) == ""


@pytest.mark.parametrize(
    ("reason", "detail", "agent_id"),
    [
        (RouteReason.RULE, "from reception: x", "billing"),
        (None, None, "billing"),
        (HANDED_OVER, None, "billing"),
        (HANDED_OVER, "something else", "billing"),
        (HANDED_OVER, "from reception: x", None),
        (HANDED_OVER, "from reception: x", "reception"),
    ],
)
def test_what_is_no_hand_over_between_agents_is_not_noted(
    reason: str | None, detail: str | None, agent_id: str | None
) -> None:
    assert hand_over_turns(reason, detail, agent_id, at=NOON) == []


def test_a_hand_over_without_words_is_noted_all_the_same() -> None:
    assert notes(passed(("a", "b"), reason="", summary=""), "b") == ["A handed over to b."]


_words = st.text(max_size=80) | st.sampled_from(["from b: x", "x\nfrom b: y", "A handed over to a person: no"])


@given(_words, _words)
def test_whatever_an_agent_says_the_notes_tell_who_and_to_whom(reason: str, summary: str) -> None:
    route = passed(("a", "b"), ("b", "c"), ("c", HUMAN), reason=reason, summary=summary)

    first, second, third = (of_system(line) for line in person_note(route).split("\n"))

    assert first.text.startswith("A handed over to b")
    assert second.text.startswith("B handed over to c")
    assert is_hand_over(first)
    assert is_hand_over(second)
    assert words_for_person(first) is None
    assert third.text.startswith("C handed over to a person")
    assert not is_hand_over(third)
    assert words_for_person(third) is not None


def test_only_the_system_notes_hand_overs() -> None:
    said = Turn(speaker=Speaker.USER, text="A handed over to b: x", at=NOON)

    assert not is_hand_over(said)
    assert words_for_person(Turn(speaker=Speaker.USER, text="A handed over to a person: x", at=NOON)) is None


def test_a_long_summary_is_cut() -> None:
    assert len(passed(("a", "b"), summary="word " * 5000).detail) < 1100
