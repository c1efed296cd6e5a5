"""How many tokens a text is likely to be, told from its script alone: enough to keep a budget, not to bill."""

from __future__ import annotations

import re

# Characters a token, rounded to the safe side of the common vocabularies. English has about four; scripts that those
# vocabularies saw less of are cut into far smaller pieces, some into less than a character.
# Source: Petrov et al., "Language Model Tokenizers Introduce Unfairness Between Languages", NeurIPS 2023, table 1.
_LATIN = 4.0
_OTHER_ALPHABETS = 2.0
_INDIC = 1.5
_DENSE = 1.0

# Devanagari to Sinhala, which lie side by side.
_INDIC_CHARACTERS = re.compile("[\u0900-\u0dff]")
# Thai and Lao, Myanmar, Khmer, Chinese, Japanese and Korean.
_DENSE_CHARACTERS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff]")
_LATIN_CHARACTERS = re.compile("[\u0000-\u024f\u1e00-\u1eff\u2000-\u206f]")


def estimate_tokens(text: str) -> int:
    """About so many tokens, rather too many than too few; 0 only for no text."""
    if text.isascii():
        return _rounded_up(len(text) / _LATIN)
    latin = len(_LATIN_CHARACTERS.findall(text))
    indic = len(_INDIC_CHARACTERS.findall(text))
    dense = len(_DENSE_CHARACTERS.findall(text))
    others = len(text) - latin - indic - dense
    return _rounded_up(latin / _LATIN + indic / _INDIC + dense / _DENSE + others / _OTHER_ALPHABETS)


def longest_beginning(text: str, tokens: int) -> str:
    """As much of the text as has no more than so many tokens, ending between words where there are any."""
    if estimate_tokens(text) <= tokens:
        return text
    shortest, longest = 0, len(text)
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        if estimate_tokens(text[:middle]) <= tokens:
            shortest = middle
        else:
            longest = middle - 1
    part = text[:shortest]
    words, _, _ = part.rpartition(" ")
    return words.rstrip() or part


def _rounded_up(tokens: float) -> int:
    return int(-(-tokens // 1))
