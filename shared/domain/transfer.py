"""A caller is passed on to a person: what is noted about it, and what the person is told."""

from __future__ import annotations

from collections.abc import Iterable

from shared.domain.conversation import Speaker, Turn

_HANDED_OVER = "Handed over to a person"
_LONGEST_ABOUT = 600
"""Characters; about half a minute of speech."""


def hand_over_note(detail: str) -> str:
    """The system's turn that says that a person is wanted; `detail` names the agent, then reason and summary."""
    return f"{_HANDED_OVER} {detail}"


def hand_over_words(turns: Iterable[Turn]) -> str:
    """Why a person was wanted last, as the agent put it; empty if nobody said."""
    notes = [turn.text for turn in turns if turn.speaker is Speaker.SYSTEM and turn.text.startswith(_HANDED_OVER)]
    words = notes[-1].partition(": ")[2].strip() if notes else ""
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
