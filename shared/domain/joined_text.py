"""What several speakers say one after the other, as one text."""

from __future__ import annotations

from dataclasses import dataclass

SENTENCE_END = "\n"
"""Said behind words that are to be heard at once, whatever comes next."""


@dataclass(slots=True)
class JoinedText:
    """Joins pieces to one text in which the words of two speakers do not run together.

    Attributes:
        has_spoken: whether there were any words since the speaker changed.
    """

    has_spoken: bool = False
    _last: str = ""

    def change_speaker(self) -> None:
        """What comes next is somebody else's, or begins a new sentence."""
        self.has_spoken = False

    def say(self, text: str) -> str:
        """The text as it is to be joined to what was said before."""
        begins = bool(text.strip()) and not self.has_spoken
        touches = self._last != "" and not self._last.isspace() and not text[:1].isspace()
        joined = f" {text}" if begins and touches else text
        self.has_spoken = self.has_spoken or begins
        self._last = joined[-1:] or self._last
        return joined
