"""Texts as rules compare them: without regard to case or keyboard, on whole words of any script."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_WORD_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No"})
_JOINERS = "_\u200c\u200d"
_EMOJI_SELECTORS = "\ufe0e\ufe0f"
_MOST_REMEMBERED = 4096


def comparable(text: str) -> str:
    """The text without what does not matter: case, runs of white space, and which keyboard composed a letter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words_of(text: str) -> list[str]:
    """The words of a comparable text, in their order, without what stands around them."""
    return text.translate(_PARTED).split()


def has_words(text: str, words: str) -> bool:
    """Whether a comparable text has these words somewhere, one after the other."""
    start = text.find(words) if words else -1
    while start >= 0:
        if _stands_alone(text, start, start + len(words)):
            return True
        start = text.find(words, start + 1)
    return False


def begins_with_words(text: str, words: str) -> bool:
    """Whether a comparable text begins with these words."""
    return bool(words) and text.startswith(words) and _stands_alone(text, 0, len(words))


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no word goes on across either end of a stretch of the text."""
    goes_on = (
        0 < place < len(text) and _is_of_word(text[place - 1]) and _is_of_word(text[place]) for place in (start, end)
    )
    return not any(goes_on)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _is_of_word(character: str) -> bool:
    # Neither \b nor \w: vowel signs of Devanagari and Tamil are marks, which are no word characters to `re`.
    # Joiners stand within words; the selectors behind an emoji are marks, but of no word.
    if character in _JOINERS:
        return True
    return unicodedata.category(character) in _WORD_CATEGORIES and character not in _EMOJI_SELECTORS


class _Parting(dict[int, int]):
    """Letters of words as they are, all else as a space; remembers the letters that are common."""

    def __missing__(self, point: int) -> int:
        found = point if _is_of_word(chr(point)) else ord(" ")
        if len(self) < _MOST_REMEMBERED:
            self[point] = found
        return found


_PARTED = _Parting()
