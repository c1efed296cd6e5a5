"""Two turns that end at once lose nothing of each other, and what the cache lost is known from the turns."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.agent import ActiveAgent
from shared.domain.conversation import Conversation, ConversationKey, Speaker, Turn
from shared.domain.hand_over import hand_over_turns
from shared.domain.serving import HAND_OVERS_KEPT, SERVED_FOR, after_turn, lately_handed_over, recalled_agent
from tests.samples import NOON


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def serving(agent_id: str, minutes: float, *hand_overs: float, version: int = 0) -> ActiveAgent:
    moments = tuple(at(moment) for moment in hand_overs)
    return ActiveAgent(agent_id=agent_id, agent_version=1, since=at(minutes), hand_overs=moments, version=version)


def conversation(*turns: tuple[Speaker, float, str | None]) -> Conversation:
    said = (Turn(speaker=speaker, text="words", at=at(minutes), agent_id=agent) for speaker, minutes, agent in turns)
    return Conversation(id="c1", key=ConversationKey(channel="whatsapp", user_id="9198"), turns=tuple(said))


def test_the_first_turn_is_kept_as_it_is() -> None:
    assert after_turn(serving("billing", 1, 0.5), None) == serving("billing", 1, 0.5)


def test_the_agent_of_the_turn_that_ended_last_serves_whoever_is_kept_first() -> None:
    early, late = serving("reception", 1, 0.9), serving("billing", 2, 1.9)

    assert after_turn(late, early) == serving("billing", 2, 0.9, 1.9)
    assert after_turn(early, late) == serving("billing", 2, 0.9, 1.9)


def test_of_two_turns_that_ended_at_the_same_moment_the_one_kept_later_serves() -> None:
    assert after_turn(serving("billing", 1), serving("reception", 1)).agent_id == "billing"


def test_a_hand_over_counts_for_thirty_minutes() -> None:
    kept = serving("reception", 29, 0, 10, 20)

    assert lately_handed_over(kept, at(29.9)) == (at(0), at(10), at(20))
    assert lately_handed_over(kept, at(30)) == (at(10), at(20))
    assert lately_handed_over(None, NOON) == ()
    assert after_turn(serving("billing", 31, 30.5), kept).hand_overs == (at(10), at(20), at(30.5))


def test_two_hand_overs_of_one_turn_at_the_same_moment_are_two() -> None:
    assert after_turn(serving("billing", 1, 1, 1), serving("reception", 0)).hand_overs == (at(1), at(1))


def test_no_more_hand_overs_are_kept_than_anybody_counts() -> None:
    kept = after_turn(serving("billing", 1, *[0.001 * step for step in range(50)]), None)

    assert len(kept.hand_overs) == HAND_OVERS_KEPT
    assert kept.hand_overs[-1] == at(0.049)


_turns = st.lists(
    st.builds(
        lambda agent, end, lengths: serving(agent, end, *(end - length for length in lengths)),
        st.sampled_from(["reception", "billing", "tech"]),
        st.floats(0, 5),
        st.lists(st.floats(0, 1), max_size=3),
    ),
    max_size=4,
    unique_by=lambda turn: turn.since,
)


@given(_turns, st.randoms(use_true_random=False))
def test_in_whatever_order_and_however_often_turns_are_kept_the_same_is_left(turns: list[ActiveAgent], random) -> None:  # type: ignore[no-untyped-def] # hypothesis gives a random.Random of its own
    again = [*turns, *turns]
    random.shuffle(again)

    left: list[ActiveAgent | None] = [None, None]
    for number, order in enumerate((turns, again)):
        for turn in order:
            left[number] = after_turn(turn, left[number])

    assert left[0] == left[1]


def test_who_answered_the_user_last_still_serves() -> None:
    past = conversation(
        (Speaker.USER, 0, None), (Speaker.AGENT, 1, "reception"), (Speaker.USER, 2, None), (Speaker.AGENT, 3, "billing")
    )

    assert recalled_agent(past, at(4)) == ActiveAgent(agent_id="billing", agent_version=0, since=at(3))


def test_nobody_serves_who_was_silent_for_half_an_hour() -> None:
    past = conversation((Speaker.USER, 0, None), (Speaker.AGENT, 1, "reception"))

    assert recalled_agent(past, at(1) + SERVED_FOR + timedelta(seconds=1)) is None
    assert recalled_agent(past, at(3), serves_for=timedelta(minutes=1)) is None


def test_nobody_serves_by_a_greeting_or_a_reminder() -> None:
    past = conversation((Speaker.AGENT, 0, "reception"), (Speaker.AGENT, 1, "billing"), (Speaker.USER, 2, None))

    assert recalled_agent(past, at(3)) is None


def test_the_notes_of_hand_overs_tell_how_many_there_were() -> None:
    past = conversation((Speaker.USER, 0, None))
    notes = hand_over_turns("handed_over", "from reception: a. b\nfrom tech: c. d", "billing", at=at(1))
    answer = Turn(speaker=Speaker.AGENT, text="Yes.", at=at(1), agent_id="billing")

    recalled = recalled_agent(past.with_turns(*notes, answer), at(2))

    assert recalled is not None
    assert (recalled.agent_id, recalled.hand_overs) == ("billing", (at(1), at(1)))
