"""Which passages answer a question, told by meaning and by words together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from shared.domain.agent import Passage

WORDS_ALONE = 0.75
"""Score of a passage that has all words of the question and is not known to be near to it in meaning."""

CHANCE = 0.3
"""Most that one common word is worth by itself: too little to be routed by, or to be answered from."""

_AGREEMENT = 0.15
_COMMON_SHARE = 0.15
_COMMON_PASSAGES = 3
_NOWHERE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A passage that may answer.

    Attributes:
        closeness: cosine similarity of its meaning to that of the question; None where it was not measured.
        words: places of the question's search words that it has.
    """

    passage: Passage
    closeness: float | None = None
    words: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How common the question's words are.

    Attributes:
        words: how many there are.
        passages: how many passages were searched.
        passages_with: in how many of them the word at a place occurs; a place that is missing occurs in none.
    """

    words: int
    passages: int
    passages_with: Mapping[int, int]


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
    by_words = words_score(candidate.words, spread)
    if candidate.closeness is None:
        return by_words
    if not candidate.words:
        return candidate.closeness
    agreement = _AGREEMENT * max(0.0, min(candidate.closeness, by_words))
    return min(1.0, max(candidate.closeness, by_words) + agreement)


def words_score(found: frozenset[int], spread: Spread) -> float:
    """0..WORDS_ALONE: the share of the question's words that were found, rare words counting more, squared.

    Squared, because half of the words are much less than half an answer.
    """
    if not found:
        return 0.0
    rarity = [_rarity(place, spread) for place in range(spread.words)]
    share = sum(rarity[place] for place in found) / sum(rarity)
    score = WORDS_ALONE * share * share
    return min(score, CHANCE) if len(found) == 1 and _is_common(min(found), spread) else score


def _rarity(place: int, spread: Spread) -> float:
    return math.log1p(spread.passages / (spread.passages_with.get(place, 0) or _NOWHERE))


def _is_common(place: int, spread: Spread) -> bool:
    """Whether a word stands in so many passages that it tells none of them from the others."""
    return spread.passages_with.get(place, 0) > max(_COMMON_PASSAGES, _COMMON_SHARE * spread.passages)
