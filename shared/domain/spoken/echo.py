"""Whether recognised words are only the agent's own voice, come back through the caller's telephone. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.spoken.words import words_of

# A caller quotes a word ("Monday?"); nobody repeats five words of the agent with not more than one of them changed.
_QUOTABLE_WORDS = 1
_EXACT_BELOW_WORDS = 5
_WORDS_PER_DIFFERENCE = 5
_MISHEARD_FROM_LETTERS = 5
# Bounds the work: the last words of a long utterance, the last words of a long reply.
_LONGEST_HEARD = 30
_LONGEST_SPOKEN = 200


def echoes(partial: str, spoken: str) -> bool:
    """Whether what was recognised is a stretch of what is being spoken.

    One word never is. Two to four must be the same, side by side. Of five and more, every fifth may be missing, added
    or other; words of five letters may be misheard by one letter.
    """
    heard = words_of(partial)[-_LONGEST_HEARD:]
    said = words_of(spoken)[-_LONGEST_SPOKEN:]
    if len(heard) <= _QUOTABLE_WORDS:
        return False
    if len(heard) < _EXACT_BELOW_WORDS:
        return any(said[start : start + len(heard)] == heard for start in range(len(said) - len(heard) + 1))
    return _fewest_differences(heard, said) <= len(heard) // _WORDS_PER_DIFFERENCE


def _fewest_differences(heard: Sequence[str], said: Sequence[str]) -> int:
    """Words to change, add or drop until `heard` is some stretch of `said`.

    Source: P. Sellers, "The theory and computation of evolutionary distances: pattern recognition", 1980.
    """
    above = [0] * (len(said) + 1)
    for row, word in enumerate(heard, start=1):
        current = [row]
        for column, other in enumerate(said, start=1):
            cost = 0 if word == other or _is_misheard(word, other) else 1
            current.append(min(above[column - 1] + cost, above[column] + 1, current[-1] + 1))
        above = current
    return min(above)


def _is_misheard(word: str, other: str) -> bool:
    """Whether two words of some length differ in one letter: another, a missing or a surplus one."""
    if word[0] != other[0] or abs(len(word) - len(other)) > 1 or min(len(word), len(other)) < _MISHEARD_FROM_LETTERS:
        return False
    shorter, longer = (word, other) if len(word) <= len(other) else (other, word)
    first = next((n for n, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    rest = first if len(shorter) < len(longer) else first + 1
    return shorter[rest:] == longer[first + 1 :]
