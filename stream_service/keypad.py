"""Digits that a caller types on the telephone's keys, collected into one input. Pure; time comes with each key."""

from __future__ import annotations

TERMINATOR = "#"
CLEAR = "*"
_DIGITS = frozenset("0123456789")


class Keypad:
    """The keys of one call.

    An input is complete when # is pressed, when no further key comes for `timeout_ms`, or at `longest` digits. * clears
    what was typed so far. Whatever else arrives is ignored. Digits may be a card's or a secret: never log an input.
    """

    __slots__ = ("_digits", "_last_at_ms", "_longest", "_timeout_ms")

    def __init__(self, *, timeout_ms: int = 3000, longest: int = 32) -> None:
        self._timeout_ms = timeout_ms
        self._longest = longest
        self._digits = ""
        self._last_at_ms = 0

    @property
    def is_collecting(self) -> bool:
        """Whether an input has begun and is not complete."""
        return bool(self._digits)

    def press(self, digit: str, at_ms: int) -> str | None:
        """Take a key; the input that is complete with it, or was already and nobody asked since."""
        overdue = self.tick(at_ms)
        if digit == CLEAR:
            self._digits = ""
        elif digit == TERMINATOR:
            return overdue or self._complete()
        elif digit in _DIGITS:
            self._digits += digit
            self._last_at_ms = at_ms
            if len(self._digits) >= self._longest:
                return overdue or self._complete()
        return overdue

    def tick(self, now_ms: int) -> str | None:
        """The input that is complete because no further key came."""
        if self._digits and now_ms - self._last_at_ms >= self._timeout_ms:
            return self._complete()
        return None

    def _complete(self) -> str | None:
        digits, self._digits = self._digits, ""
        return digits or None
