"""What happens when nobody speaks."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_service.silence import SilenceEvent, SilenceWatch

PROMPT_SECONDS = 10
FIRST, SECOND, GOODBYE = SilenceEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time during which nothing changes."""

    seconds: int
    caller_speaks: bool = False
    agent_audible: bool = False
    is_working: bool = False


def live(watch: SilenceWatch, *stretches: Stretch, tick_ms: int = 100) -> list[tuple[float, SilenceEvent]]:
    """Look at the call all the time; what happened, and at which second."""
    events, now_ms = [], 0
    for stretch in stretches:
        for _ in range(stretch.seconds * 1000 // tick_ms):
            event = watch.tick(
                now_ms,
                caller_speaks=stretch.caller_speaks,
                agent_audible=stretch.agent_audible,
                is_working=stretch.is_working,
            )
            if event is not None:
                events.append((now_ms / 1000, event))
            now_ms += tick_ms
    return events


def test_two_prompts_and_a_goodbye_follow_a_long_silence_and_then_nothing() -> None:
    events = live(SilenceWatch(prompt_seconds=PROMPT_SECONDS), Stretch(seconds=100))

    assert events == [(10, FIRST), (20, SECOND), (30, GOODBYE)]


def test_the_next_prompt_counts_from_the_end_of_the_last() -> None:
    events = live(
        SilenceWatch(prompt_seconds=PROMPT_SECONDS),
        Stretch(seconds=11),
        Stretch(seconds=3, agent_audible=True),
        Stretch(seconds=11),
    )

    assert events == [(10, FIRST), (24, SECOND)]


@pytest.mark.parametrize(
    "busy", [Stretch(seconds=60, agent_audible=True), Stretch(seconds=60, is_working=True)], ids=["speaks", "works"]
)
def test_no_prompt_while_the_agent_speaks_or_works(busy: Stretch) -> None:
    events = live(SilenceWatch(prompt_seconds=PROMPT_SECONDS), Stretch(seconds=9), busy, Stretch(seconds=10))

    assert events == []


def test_a_word_of_the_caller_makes_the_next_prompt_the_first_again() -> None:
    events = live(
        SilenceWatch(prompt_seconds=PROMPT_SECONDS),
        Stretch(seconds=25),
        Stretch(seconds=1, caller_speaks=True),
        Stretch(seconds=11),
    )

    assert events == [(10, FIRST), (20, SECOND), (36, FIRST)]


def test_a_caller_who_speaks_after_the_goodbye_is_listened_to() -> None:
    events = live(
        SilenceWatch(prompt_seconds=PROMPT_SECONDS),
        Stretch(seconds=31),
        Stretch(seconds=1, caller_speaks=True),
        Stretch(seconds=11),
    )

    assert events[-1] == (42, FIRST)


def test_zero_switches_the_watch_off() -> None:
    assert live(SilenceWatch(prompt_seconds=0), Stretch(seconds=1000)) == []


STRETCHES = st.lists(
    st.builds(
        Stretch,
        seconds=st.integers(1, 30),
        caller_speaks=st.booleans(),
        agent_audible=st.booleans(),
        is_working=st.booleans(),
    ),
    max_size=25,
)


@given(stretches=STRETCHES, prompt_seconds=st.integers(1, 20))
def test_every_event_follows_a_full_time_of_idle_silence(stretches: list[Stretch], prompt_seconds: int) -> None:
    events = live(SilenceWatch(prompt_seconds=prompt_seconds), *stretches)

    busy, idle, start = [], [], 0
    for stretch in stretches:
        is_busy = stretch.caller_speaks or stretch.agent_audible or stretch.is_working
        (busy if is_busy else idle).append((start, start + stretch.seconds))
        start += stretch.seconds
    for at, _ in events:
        assert any(begin <= at < end for begin, end in idle)
        assert not any(begin < at and end > at - prompt_seconds for begin, end in busy)


@given(stretches=STRETCHES, prompt_seconds=st.integers(1, 20))
def test_events_come_in_order_and_begin_anew_only_when_the_caller_spoke(
    stretches: list[Stretch], prompt_seconds: int
) -> None:
    events = live(SilenceWatch(prompt_seconds=prompt_seconds), *stretches)

    spoken, start = [], 0
    for stretch in stretches:
        if stretch.caller_speaks:
            spoken.append(start)
        start += stretch.seconds
    order = list(SilenceEvent)
    previous_at = -1.0
    expected = 0
    for at, event in events:
        if any(previous_at < began <= at for began in spoken):
            expected = 0
        assert event is order[expected]
        previous_at, expected = at, expected + 1


@given(stretches=STRETCHES, tick_ms=st.sampled_from([20, 100, 250, 500, 1000]))
def test_how_often_one_looks_does_not_matter(stretches: list[Stretch], tick_ms: int) -> None:
    often = live(SilenceWatch(prompt_seconds=PROMPT_SECONDS), *stretches, tick_ms=20)

    assert live(SilenceWatch(prompt_seconds=PROMPT_SECONDS), *stretches, tick_ms=tick_ms) == often
