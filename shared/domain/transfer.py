"""A caller is passed on to a person: what is noted about it, and what the person is told."""

from __future__ import annotations

from collections.abc import Iterable

from shared.domain.conversation import Turn
from shared.domain.hand_over import words_for_person

_LONGEST_ABOUT = 600
"""Characters; about half a minute of speech."""


def hand_over_words(turns: Iterable[Turn]) -> str:
    """Why a person was wanted last, as the agent put it; empty if nobody said."""
    notes = [words_for_person(turn) for turn in turns]
    words = next((words for words in reversed(notes) if words is not None), "")
    if len(words) <= _LONGEST_ABOUT:
        return words
    return f"{words[:_LONGEST_ABOUT].rpartition(' ')[0]} …"


def briefing(*, caller_id: str, name: str | None, about: str) -> str:
    """What a person hears before the caller is put through: who calls, and what it is about."""
    sentence = about if about.endswith((".", "!", "?", "…")) else f"{about}."
    return f"A call from {_spoken(caller_id, name)}. {sentence if about else ''}".strip()


def _spoken(caller_id: str, name: str | None) -> str:
    if name:
        return name
    # Digit by digit: read as one number, a telephone number is not understood.
    return " ".join(caller_id) if caller_id.isdecimal() else "somebody who hides the number"
