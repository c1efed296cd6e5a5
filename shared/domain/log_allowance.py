"""How much of a flood is written down line by line."""

from __future__ import annotations

_EACH_UP_TO = 10
_SECONDS = 60.0
_SUBJECTS = 100


def is_noteworthy(*, before: int, now: int, each_up_to: int = _EACH_UP_TO) -> bool:
    """Whether a count that grew from `before` to `now` deserves a line: the first ones, then 100, 1,000, 10,000..."""
    if before < each_up_to:
        return now > before
    milestone = each_up_to
    while milestone <= before:
        milestone *= 10
    return now >= milestone


class LogAllowance:
    """So many lines a minute, and beyond them the first of each further subject; counts what is left out.

    A subject is a conversation, a call, a message: each that is hit shall be found in the log once. Its id is kept as a
    hash, of so many a minute. Time is any clock's seconds.
    """

    def __init__(self, *, lines_per_minute: int, subjects_per_minute: int = _SUBJECTS) -> None:
        self._lines_per_minute = lines_per_minute
        self._subjects_per_minute = subjects_per_minute
        self._subjects: set[int] = set()
        self._ends_at = 0.0
        self._written = 0
        self._left_out = 0
        self._told = 0

    def admit(self, now: float, subject: str = "") -> bool:
        """Whether one more line may be written."""
        if now >= self._ends_at:
            self._ends_at = now + _SECONDS
            self._written = 0
            self._subjects.clear()
        is_new = bool(subject) and self._is_new(hash(subject))
        if self._written >= self._lines_per_minute and not is_new:
            self._left_out += 1
            return False
        self._written += 1
        return True

    def _is_new(self, subject: int) -> bool:
        if subject in self._subjects or len(self._subjects) >= self._subjects_per_minute:
            return False
        self._subjects.add(subject)
        return True

    def take_left_out(self, now: float, *, is_last: bool = False) -> int:
        """How many lines were left out that nobody was told of, once that is worth a line; else 0.

        It is at the first, the 10th, the 100th, when the minute is over, and at last.
        """
        is_over = is_last or now >= self._ends_at
        if not is_over and not is_noteworthy(before=self._told, now=self._left_out, each_up_to=1):
            return 0
        untold = self._left_out - self._told
        if is_over:
            self._left_out = self._told = 0
        else:
            self._told = self._left_out
        return untold
