"""How much of a flood is written down line by line."""

from __future__ import annotations

_EACH_UP_TO = 10
_SECONDS = 60.0


def is_noteworthy(*, before: int, now: int, each_up_to: int = _EACH_UP_TO) -> bool:
    """Whether a count that grew from `before` to `now` deserves a line: the first ones, then 100, 1,000, 10,000..."""
    if before < each_up_to:
        return now > before
    milestone = each_up_to
    while milestone <= before:
        milestone *= 10
    return now >= milestone


class LogAllowance:
    """So many lines a minute; knows how many were kept back, for the next line to tell. Time is any clock's seconds."""

    def __init__(self, *, lines_per_minute: int) -> None:
        self._lines_per_minute = lines_per_minute
        self._ends_at = 0.0
        self._written = 0
        self._kept_back = 0

    def admit(self, now: float) -> bool:
        """Whether one more line may be written."""
        if now >= self._ends_at:
            self._ends_at = now + _SECONDS
            self._written = 0
        if self._written >= self._lines_per_minute:
            self._kept_back += 1
            return False
        self._written += 1
        return True

    def take_kept_back(self) -> int:
        """How many lines were kept back since this was asked last."""
        kept_back, self._kept_back = self._kept_back, 0
        return kept_back
