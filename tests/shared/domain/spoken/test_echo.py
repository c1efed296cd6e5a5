"""The agent's own voice, come back through the caller's telephone."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.domain.spoken.echo import echoes
from shared.domain.spoken.words import words_of

SPOKEN = (
    "Your appointment with Doctor Meera Rao is on Monday the fourth at half past ten in the morning. "
    "Please bring your reports and come fifteen minutes early."
)
WORDS = words_of(SPOKEN)
HINDI = "आपकी अपॉइंटमेंट सोमवार सुबह साढ़े दस बजे है। कृपया अपनी रिपोर्ट साथ लाइए।"


@pytest.mark.parametrize(
    ("partial", "spoken"),
    [
        ("your appointment with doctor", SPOKEN),
        ("on Monday the fourth at half past ten", SPOKEN),
        ("appointment with doctor mira rao is on monday", SPOKEN),
        ("please bring reports and come fifteen minutes early", SPOKEN),
        ("half past", SPOKEN),
        (SPOKEN, SPOKEN),
        ("सोमवार सुबह साढ़े दस बजे", HINDI),
        ("अपनी रिपोर्ट", HINDI),
    ],
)
def test_a_stretch_of_what_is_spoken_is_an_echo(partial: str, spoken: str) -> None:
    assert echoes(partial, spoken)


@pytest.mark.parametrize(
    "partial",
    [
        "",
        "Monday",
        "Monday?",
        "morning",
        "no not Monday",
        "Monday morning",
        "can I come on Monday in the evening",
        "your doctor",
        "what about half past eleven in the morning",
        "my appointment was on Tuesday the fifth at ten",
        "appointment with Meera",
    ],
)
def test_what_the_caller_says_about_it_is_none(partial: str) -> None:
    assert not echoes(partial, SPOKEN)


def test_nothing_spoken_has_no_echo() -> None:
    assert not echoes("hello are you there at all", "")


@given(start=st.integers(0, len(WORDS) - 2), length=st.integers(2, len(WORDS)))
def test_every_stretch_of_two_words_and_more_is_an_echo(start: int, length: int) -> None:
    assume(start + length <= len(WORDS))

    assert echoes(" ".join(WORDS[start : start + length]), SPOKEN)


@given(start=st.integers(0, len(WORDS) - 5), length=st.integers(5, len(WORDS)), data=st.data())
def test_of_a_longer_stretch_every_fifth_word_may_be_other(start: int, length: int, data: st.DataObject) -> None:
    heard = list(WORDS[start : start + length])
    changed = data.draw(st.sets(st.integers(0, len(heard) - 1), max_size=len(heard) // 5))
    for place in changed:
        heard[place] = "zebra"

    assert echoes(" ".join(heard), SPOKEN)


@given(start=st.integers(0, len(WORDS) - 5), length=st.integers(5, len(WORDS)), data=st.data())
def test_when_more_than_a_fifth_is_other_the_caller_speaks(start: int, length: int, data: st.DataObject) -> None:
    heard = list(WORDS[start : start + length])
    more = len(heard) // 5 + 1
    for place in data.draw(st.sets(st.integers(0, len(heard) - 1), min_size=more)):
        heard[place] = "zebra"

    assert not echoes(" ".join(heard), SPOKEN)


@given(st.lists(st.sampled_from(["zebra", "lion", "okapi"]), max_size=60))
def test_words_that_were_never_spoken_are_no_echo(heard: list[str]) -> None:
    assert not echoes(" ".join(heard), SPOKEN)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_is_too_odd_to_compare(partial: str, spoken: str) -> None:
    assert echoes(partial, spoken) in {True, False}
