"""Cutting a long reply into messages a channel can carry."""

from __future__ import annotations

import re

# Best place first: after a paragraph, a line, a sentence (Latin or Devanagari), a word.
_BORDERS = tuple(re.compile(pattern) for pattern in (r"\n\s*\n", r"\n", r"(?<=[.!?\u0964\u0965])\s+", r"\s+"))
_SHORTEST_SHARE = 0.3


def split_text(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` characters in order; nothing but white space at the cuts is lost.

    A border is used only if it leaves a part of decent length; text without any border is cut hard.
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
    return limit, limit
