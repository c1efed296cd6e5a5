"""Cutting a long reply into messages a channel can carry."""

from __future__ import annotations

import re
import unicodedata

# Best place first: after a paragraph, a line, a sentence (Latin or Devanagari), a word.
_BORDERS = tuple(re.compile(pattern) for pattern in (r"\n\s*\n", r"\n", r"(?<=[.!?\u0964\u0965])\s+", r"\s+"))
_SHORTEST_SHARE = 0.3

_ZERO_WIDTH_NON_JOINER, _ZERO_WIDTH_JOINER = "\u200c", "\u200d"
_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]+")
# Skin tones, and the tags that make a flag of a region.
_MODIFIERS = re.compile("[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_VIRAMA_CLASS = 9
_LONGEST_CHARACTER = 64
"""Code points that are kept together at most; text that is made to have longer ones is cut all the same."""


def split_text(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` characters in order; nothing but white space at the cuts is lost.

    A border is used only if it leaves a part of decent length; text without any border is cut hard, but never within
    what a reader sees as one character: a syllable of Devanagari or Tamil, an emoji made of several.
    """
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > limit:
        end, resume = _cut(rest, limit)
        parts.append(rest[:end].rstrip())
        rest = rest[resume:].lstrip()
    return [*parts, rest] if rest else parts


def _cut(text: str, limit: int) -> tuple[int, int]:
    """Where the first part ends and where the next one resumes."""
    for border in _BORDERS:
        # One character of white space may follow the part, so a border that starts exactly at the limit counts.
        found = [match for match in border.finditer(text, 0, limit + 1) if match.start() >= limit * _SHORTEST_SHARE]
        if found:
            return found[-1].start(), found[-1].end()
    for end in range(limit, max(limit - _LONGEST_CHARACTER, 0), -1):
        if not _is_within_a_character(text, end):
            return end, end
    return limit, limit


def _is_within_a_character(text: str, place: int) -> bool:
    """Whether what stands before and behind belongs together. Source: Unicode Standard Annex 29, grapheme clusters."""
    before, behind = text[place - 1], text[place]
    if behind in (_ZERO_WIDTH_JOINER, _ZERO_WIDTH_NON_JOINER) or before == _ZERO_WIDTH_JOINER:
        return True
    if unicodedata.category(behind).startswith("M") or _MODIFIERS.match(behind):
        return True
    if unicodedata.combining(before) == _VIRAMA_CLASS and unicodedata.category(behind) == "Lo":
        return True
    if _REGIONAL.match(before) and _REGIONAL.match(behind):
        # Flags are pairs, counted from where the run begins.
        run = next(match for match in _REGIONAL.finditer(text) if match.start() < place < match.end())
        return (place - run.start()) % 2 == 1
    return False
