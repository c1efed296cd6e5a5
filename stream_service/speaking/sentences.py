"""From reply chunks to speakable sentences: the first piece early, none cut where a speaker would not pause."""

from __future__ import annotations

import re

from shared.domain.sentence import sentence_end
from shared.domain.spoken.speakable import speakable

_FIRST_CLAUSE_CHARACTERS = 25
_LONGEST_PIECE_CHARACTERS = 300
_CLAUSE_END = re.compile(r"[,;:\u2014](?=\s)")


class SentenceSplitter:
    """Cuts a reply, which arrives in chunks of any length, into pieces for the synthesizer.

    The first piece may end at a clause (from 25 characters on), so that the caller hears something soon; the others are
    whole sentences, or parts of at most 300 characters.
    """

    def __init__(self) -> None:
        self._text = ""
        self._is_first = True

    def push(self, chunk: str) -> list[str]:
        """Take the next chunk; the pieces that are now complete."""
        self._text += chunk
        return self._pieces(is_complete=False)

    def finish(self) -> list[str]:
        """The reply is over; what is left of it."""
        pieces = self._pieces(is_complete=True)
        rest, self._text = speakable(self._text), ""
        return [*pieces, rest] if rest else pieces

    def _pieces(self, *, is_complete: bool) -> list[str]:
        pieces = []
        while (end := self._piece_end(is_complete=is_complete)) is not None:
            piece = speakable(self._text[:end])
            self._text = self._text[end:]
            if piece:
                pieces.append(piece)
                self._is_first = False
        return pieces

    def _piece_end(self, *, is_complete: bool) -> int | None:
        end = sentence_end(self._text, is_complete=is_complete)
        if self._is_first and (clause := _CLAUSE_END.search(self._text, _FIRST_CLAUSE_CHARACTERS)):
            end = min(end or clause.end(), clause.end())
        if end is not None and end <= _LONGEST_PIECE_CHARACTERS:
            return end
        return _longest_part(self._text) if len(self._text) > _LONGEST_PIECE_CHARACTERS else None


def _longest_part(text: str) -> int:
    """Where to cut a sentence that is too long: behind a clause, else between words, else anywhere."""
    part = text[:_LONGEST_PIECE_CHARACTERS]
    clauses = [match.end() for match in _CLAUSE_END.finditer(part, _FIRST_CLAUSE_CHARACTERS)]
    if clauses:
        return clauses[-1]
    # Not at a space at the very start: the piece would be empty and the text no shorter.
    word_end = part.rstrip().rfind(" ")
    return word_end if word_end > 0 else _LONGEST_PIECE_CHARACTERS
