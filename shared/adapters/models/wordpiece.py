"""BERT's uncased tokenizer: text to the numbers its models read."""

from __future__ import annotations

import unicodedata
from pathlib import Path

_CONTINUATION = "##"
_LONGEST_WORD_CHARACTERS = 100
# CJK Unified Ideographs and their extensions: each is a word of its own.
_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2CEAF))


class WordPiece:
    """Splits text into the longest pieces a vocabulary knows.

    Source: google-research/bert, tokenization.py, lower-casing variant.
    """

    def __init__(self, vocabulary: Path) -> None:
        lines = vocabulary.read_text(encoding="utf-8").splitlines()
        self._ids = {piece: number for number, piece in enumerate(lines)}
        self._unknown, self._start, self._end = (self._ids[name] for name in ("[UNK]", "[CLS]", "[SEP]"))

    def encode(self, text: str, *, longest: int) -> list[int]:
        """Token ids with start and end marks, at most `longest` in all; what is beyond is not read."""
        ids = [number for word in _words(text) for number in self._word_ids(word)]
        return [self._start, *ids[: longest - 2], self._end]

    def _word_ids(self, word: str) -> list[int]:
        if len(word) > _LONGEST_WORD_CHARACTERS:
            return [self._unknown]
        ids = []
        start = 0
        while start < len(word):
            prefix = _CONTINUATION if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if prefix + word[start:end] in self._ids), None)
            if end is None:
                return [self._unknown]
            ids.append(self._ids[prefix + word[start:end]])
            start = end
        return ids


def _words(text: str) -> list[str]:
    """Lower-case words without accents; each punctuation mark and ideograph is a word."""
    spaced = []
    for character in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(character)
        if category == "Mn" or (category[0] == "C" and not character.isspace()):
            continue
        spaced.append(f" {character} " if _stands_alone(character, category) else character)
    return "".join(spaced).split()


def _stands_alone(character: str, category: str) -> bool:
    is_symbol = character.isascii() and character.isprintable() and not character.isalnum() and character != " "
    return category[0] == "P" or is_symbol or any(low <= ord(character) <= high for low, high in _IDEOGRAPHS)
