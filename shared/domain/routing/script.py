"""Which language a text is probably in, as far as its script tells."""

from __future__ import annotations

from collections import Counter

# Blocks of the Unicode standard: first and last code point, and the language that most of our users write in them.
_BLOCKS = (
    (0x0600, 0x06FF, "ur"),
    (0x0750, 0x077F, "ur"),
    (0x0900, 0x097F, "hi"),
    (0x0980, 0x09FF, "bn"),
    (0x0A00, 0x0A7F, "pa"),
    (0x0A80, 0x0AFF, "gu"),
    (0x0B00, 0x0B7F, "or"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0C00, 0x0C7F, "te"),
    (0x0C80, 0x0CFF, "kn"),
    (0x0D00, 0x0D7F, "ml"),
    (0x0D80, 0x0DFF, "si"),
    (0x0E00, 0x0E7F, "th"),
    (0x0E80, 0x0EFF, "lo"),
    (0x1000, 0x109F, "my"),
    (0x1780, 0x17FF, "km"),
)
# Stops that several scripts share stand in the block of Devanagari.
_SHARED = frozenset({0x0964, 0x0965})


def language_of_script(text: str) -> str | None:
    """A language by its BCP 47 code; None for Latin letters, in which every language is written.

    Latin letters within another script do not count: whoever mixes borrows words from English, not for it.
    """
    languages: Counter[str] = Counter()
    for character, times in Counter("" if text.isascii() else text).items():
        point = ord(character)
        language = next((language for first, last, language in _BLOCKS if first <= point <= last), None)
        if language is not None and point not in _SHARED:
            languages[language] += times
    return min(languages, key=lambda language: (-languages[language], language), default=None)
