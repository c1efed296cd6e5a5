"""Words out of Transcribe's results: partial ones that change, final ones that stay, cut where utterances end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WITHOUT_SPACES = frozenset({"ja", "th", "zh"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word or punctuation mark, its position in the call in ms; `is_stable` when the recogniser will keep it."""

    text: str
    start_ms: int
    end_ms: int
    is_punctuation: bool
    is_stable: bool
    confidence: float | None


class TranscriptWords:
    """What was recognised since the last cut.

    A result may reach across the end of an utterance, because the recogniser divides speech by its own pauses. So each
    word is told apart by where its middle lies, and a word that comes late for an utterance already cut is dropped.
    """

    def __init__(self, *, language: str) -> None:
        self._separator = "" if language.partition("-")[0].lower() in _WITHOUT_SPACES else " "
        self._final: list[Word] = []
        self._partial: dict[str, list[Word]] = {}
        self._cut_ms = 0
        self.confirmed_ms = 0

    def take(self, results: Iterable[Mapping[str, Any]], *, session_starts_ms: int) -> None:
        """Take the results of one event; their times count from where the recogniser's session began."""
        for result in results:
            alternatives = result.get("Alternatives") or ()
            if not alternatives:
                continue
            is_final = not result.get("IsPartial", False)
            words = [_word(item, session_starts_ms, is_final=is_final) for item in alternatives[0].get("Items") or ()]
            words = [word for word in words if _is_after(word, self._cut_ms)]
            self._partial.pop(result["ResultId"], None)
            if is_final:
                self._final += words
                self.confirmed_ms = max(self.confirmed_ms, _position(result.get("EndTime"), session_starts_ms))
            else:
                self._partial[result["ResultId"]] = words

    def until(self, position_ms: float) -> Sequence[Word]:
        """The words since the last cut whose middle lies before a position, in order."""
        words = [*self._final, *(word for words in self._partial.values() for word in words)]
        return [word for word in words if not _is_after(word, position_ms)]

    def join(self, words: Sequence[Word]) -> str:
        """The words as text, punctuation close to the word before it; empty when there is punctuation only."""
        if all(word.is_punctuation for word in words):
            return ""
        return "".join(word.text if word.is_punctuation else f"{self._separator}{word.text}" for word in words).strip()

    def cut(self, position_ms: int) -> None:
        """Forget the words before a position and refuse them from now on."""
        self._cut_ms = position_ms
        self.confirmed_ms = max(self.confirmed_ms, position_ms)
        self._final = [word for word in self._final if _is_after(word, position_ms)]
        self._partial = {
            result_id: [word for word in words if _is_after(word, position_ms)]
            for result_id, words in self._partial.items()
        }

    def forget_partial(self) -> None:
        """Drop what is not final: the session that would have completed it is gone."""
        self._partial.clear()


def confidence_of(words: Sequence[Word]) -> float | None:
    """The mean confidence of the words that have one; Transcribe gives it for final results."""
    known = [word.confidence for word in words if word.confidence is not None and not word.is_punctuation]
    return sum(known) / len(known) if known else None


def _is_after(word: Word, position_ms: float) -> bool:
    return (word.start_ms + word.end_ms) / 2 > position_ms


def _word(item: Mapping[str, Any], session_starts_ms: int, *, is_final: bool) -> Word:
    return Word(
        text=item["Content"],
        start_ms=_position(item.get("StartTime"), session_starts_ms),
        end_ms=_position(item.get("EndTime"), session_starts_ms),
        is_punctuation=item.get("Type") == "punctuation",
        is_stable=is_final or bool(item.get("Stable")),
        confidence=item.get("Confidence"),
    )


def _position(seconds: float | None, session_starts_ms: int) -> int:
    return session_starts_ms + round((seconds or 0.0) * 1000)
