"""Several speakers become one text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.joined_text import JoinedText


def test_the_words_of_two_speakers_are_parted_by_one_space() -> None:
    text = JoinedText()

    said = text.say("One moment.")
    text.change_speaker()
    said += text.say("Your bill is paid.")

    assert said == "One moment. Your bill is paid."


def test_the_pieces_of_one_speaker_are_joined_as_they_are() -> None:
    text = JoinedText()

    assert text.say("wel") + text.say("come") == "welcome"


@given(st.lists(st.lists(st.text(max_size=6), max_size=4), max_size=4))
def test_nothing_is_lost_and_nothing_but_spaces_is_added(speakers: list[list[str]]) -> None:
    text = JoinedText()
    said = ""

    for pieces in speakers:
        text.change_speaker()
        said += "".join(text.say(piece) for piece in pieces)

    assert "".join(said.split()) == "".join("".join(piece for pieces in speakers for piece in pieces).split())
