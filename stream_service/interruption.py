"""Whether a caller who speaks over the agent means to interrupt. Pure."""

from __future__ import annotations

from shared.domain.spoken.backchannels import is_backchannel
from shared.domain.spoken.echo import echoes
from shared.domain.spoken.words import word_count


def is_meant(text: str, *, language: str, spoken: str, is_closing: bool, min_words: int) -> bool:
    """Tell words that want the floor from a cough, from signs of listening, and from the agent's own echo.

    `text` is what was recognised so far, `spoken` what the agent was saying, `language` the call's (BCP 47). At the end
    of what the agent says (`is_closing`) a "yes" is an answer that comes a little early.
    """
    words = word_count(text)
    wants_floor = words > 0 if is_closing else words >= min_words and not is_backchannel(text, language)
    return wants_floor and not echoes(text, spoken)
