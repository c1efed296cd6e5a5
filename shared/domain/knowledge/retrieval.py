"""Which passages answer a question, told by meaning and by words together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from shared.domain.agent import Passage

WORDS_ALONE = 0.75
"""Score of a passage that has all words of the question and is not known to be near to it in meaning."""

CHANCE = 0.3
"""Most that one common word, or "where", is worth by itself: too little to be routed by, or to be answered from."""

_AGREEMENT = 0.15
_COMMON_SHARE = 0.15
_COMMON_PASSAGES = 3
_NOWHERE = 0.5
_WORTH_OF_TEXT = 0.9
_NEED_OF_OPTIONAL = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A passage that may answer.

    Attributes:
        closeness: cosine similarity of its meaning to that of the question; None where it was not measured.
        words: places of the question's search words that it has.
        title_words: those of them that stand in its title.
    """

    passage: Passage
    closeness: float | None = None
    words: frozenset[int] = frozenset()
    title_words: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How common the question's words are.

    Attributes:
        words: how many there are.
        passages: how many passages were searched.
        optional: places of those that say what kind of answer is wanted, and are hardly missed.
        passages_with: in how many of them the word at a place occurs; a place that is missing occurs in none.
    """

    words: int
    passages: int
    passages_with: Mapping[int, int]
    optional: frozenset[int] = frozenset()


def best_passages(candidates: Iterable[Candidate], spread: Spread, *, limit: int) -> tuple[Passage, ...]:
    """The best first, scored -1..1; what several passages say in the same words is given once.

    A score keeps the scale of cosine similarity, for which the thresholds were chosen: it is the better of the two
    measures, and a little more where they agree.
    """
    scored = [replace(one.passage, score=_score(one, spread)) for one in candidates]
    scored.sort(key=lambda passage: (-passage.score, passage.agent_id, passage.title, passage.id))
    once: dict[tuple[str, str], Passage] = {}
    for passage in scored:
        once.setdefault((passage.agent_id, passage.text), passage)
    return tuple(once.values())[:limit]


def _score(candidate: Candidate, spread: Spread) -> float:
    by_words = words_score(candidate, spread)
    if candidate.closeness is None:
        return by_words
    if not candidate.words:
        return candidate.closeness
    agreement = _AGREEMENT * max(0.0, min(candidate.closeness, by_words))
    return min(1.0, max(candidate.closeness, by_words) + agreement)


def words_score(candidate: Candidate, spread: Spread) -> float:
    """0..WORDS_ALONE: the share of the question's words that were found, squared; rare words and the title count more.

    Squared, because half of the words are much less than half an answer.
    """
    found = candidate.words
    if not found:
        return 0.0
    worth = (_rarity(place, spread) * (1 if place in candidate.title_words else _WORTH_OF_TEXT) for place in found)
    asked = (_rarity(place, spread) * _need(place, candidate, spread) for place in range(spread.words))
    share = sum(worth) / sum(asked)
    score = WORDS_ALONE * share * share
    is_chance = found <= spread.optional or (len(found) == 1 and _is_common(min(found), spread))
    return min(score, CHANCE) if is_chance else score


def _need(place: int, candidate: Candidate, spread: Spread) -> float:
    """How much a word is missed where it is not found."""
    if place in candidate.words or place not in spread.optional:
        return 1
    return _NEED_OF_OPTIONAL if place in spread.passages_with else 0


def _rarity(place: int, spread: Spread) -> float:
    return math.log1p(spread.passages / (spread.passages_with.get(place, 0) or _NOWHERE))


def _is_common(place: int, spread: Spread) -> bool:
    """Whether a word stands in so many passages that it tells none of them from the others."""
    return spread.passages_with.get(place, 0) > max(_COMMON_PASSAGES, _COMMON_SHARE * spread.passages)
