"""The words of recognised speech, without what recognisers write now so and now so. Pure."""

from __future__ import annotations

import re
import unicodedata

# "that's" and "thats" are one word; joiners show how letters are drawn, not which they are.
_SILENT = str.maketrans("", "", "'\u2019\u02bc\u200c\u200d")
# Recognisers write the nasal of Hindi and Marathi (han, hun) with either sign.
_CHANDRABINDU, _ANUSVARA = "\u0901", "\u0902"
# "hmmmm", "haaaan", "hahaha": how long a sound was held makes no other word. Digits are left as they are.
_HELD = re.compile(r"(\D{1,2}?)\1{2,}")
_THAI = re.compile("[\u0e00-\u0e7f]")
# Thai is written without spaces; its everyday words have three or four letters.
_LETTERS_OF_A_THAI_WORD = 3


def words_of(text: str) -> tuple[str, ...]:
    """The words in comparable form: composed, without case and punctuation, held sounds shortened.

    A letter of Thai, with its marks, counts as a word here: where Thai words end is known only to a dictionary.
    """
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.translate(_SILENT)).casefold())
    plain = _HELD.sub(r"\1\1", plain.replace(_CHANDRABINDU, _ANUSVARA))
    spaced = "".join(map(_with_borders, plain))
    return tuple(word for word in spaced.split() if any(map(_has_sound, word)))


def word_count(text: str) -> int:
    """How many words were said; estimated from the letters in Thai."""
    words = words_of(text)
    thai = sum(1 for word in words if _THAI.match(word))
    return len(words) - thai + -(-thai // _LETTERS_OF_A_THAI_WORD)


def _with_borders(character: str) -> str:
    """The character as it stands in a word, or a space for one that stands between words."""
    kind = unicodedata.category(character)[0]
    if kind == "M":
        return character
    if kind not in "LN":
        return " "
    return f" {character}" if _THAI.match(character) else character


def _has_sound(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"
