"""Where sentences end, in English and in Hindi, as far as that can be told without understanding them."""

from __future__ import annotations

import re

# Nothing ends after these, whatever follows.
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "prof", "smt", "shri", "sri", "st", "rs", "e.g", "i.e", "vs", "approx"})
# Nothing ends after these when a number follows.
_BEFORE_NUMBERS = frozenset({"no", "nos", "ph", "tel", "ext", "pg"})
# Nothing ends between these and a day: "from 9 a.m. Monday to Friday".
_HALVES_OF_DAY = frozenset({"a.m", "p.m"})
_DAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|IST\b", re.IGNORECASE)
_CLOSING = "\"'\u201d\u2019)]}*_`~"
_DANDAS = "\u0964\u0965"
_LONGEST_LIST_NUMBER = 2
_END = re.compile(rf"[.!?\u2026]+[{re.escape(_CLOSING)}]*(?=\s)|[{_DANDAS}]+|\n")


def sentence_end(text: str, *, is_complete: bool) -> int | None:
    """Offset just behind the first sentence of `text`; None when there is no end, or it cannot be told yet.

    `is_complete` says that nothing follows `text`; otherwise what follows a full stop must be seen to judge it.
    """
    for match in _END.finditer(text):
        rest = text[match.end() :]
        following = rest.lstrip()
        if not match.group().startswith("."):
            return match.end()
        # The end of a line says by itself that nothing follows.
        if not following and "\n" not in rest and not is_complete:
            return None
        if _ends_sentence(text[: match.start()], following):
            return match.end()
    return None


def split_sentences(text: str) -> list[str]:
    """The sentences of a finished text, without the white space around them."""
    sentences = []
    while (end := sentence_end(text, is_complete=True)) is not None:
        sentences.append(text[:end].strip())
        text = text[end:]
    return [sentence for sentence in (*sentences, text.strip()) if sentence]


def _ends_sentence(before: str, following: str) -> bool:
    """Whether a full stop between `before` and `following` ends a sentence."""
    words = before.split()
    word = words[-1].lstrip("(\"'\u201c\u2018*_") if words else ""
    starts_text = len(words) == 1
    if word.lower() in _TITLES or (len(word) == 1 and word.isupper()):
        return False
    if word.lower() in _BEFORE_NUMBERS and following[:1].isdigit():
        return False
    if word.lower() in _HALVES_OF_DAY and _DAY.match(following):
        return False
    if starts_text and word.isdigit() and len(word) <= _LONGEST_LIST_NUMBER and following:
        return False
    return not following[:1].islower()
