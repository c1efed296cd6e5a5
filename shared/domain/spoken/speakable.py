"""Written text as it can be read aloud. Pure."""

from __future__ import annotations

import re
import unicodedata

_SPEAKABLE_CATEGORIES = "LNS"

_LINK = re.compile(r"\[([^\]]+)\]\([^)\s]*\)")
_LINE_MARKS = re.compile(r"^\s*(?:#{1,6}\s|>\s|[-*+\u2022]\s)+", re.MULTILINE)
_EMPHASIS = re.compile(r"\*+|`+|~~|(?<!\w)_+|_+(?!\w)")


def speakable(text: str) -> str:
    """Text without markup and surplus white space; empty when nothing in it has a sound."""
    plain = _EMPHASIS.sub("", _LINE_MARKS.sub("", _LINK.sub(r"\1", text)))
    has_sound = any(unicodedata.category(character)[0] in _SPEAKABLE_CATEGORIES for character in plain)
    return " ".join(plain.split()) if has_sound else ""
