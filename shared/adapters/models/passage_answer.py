"""From passages of knowledge to a short answer in their own words; nothing is said that does not stand there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from shared.adapters.models.offline.tongue import Tongue, tongue_of
from shared.domain.agent import Passage
from shared.domain.knowledge.search_words import all_words, search_words, stem
from shared.domain.sentence import split_sentences
from shared.errors import ModelUnavailable
from shared.ports.language_model import Embedder

_PARTS = re.compile(r"\?+\s+(?:and\s+|also\s+)*|,?\s+(?:and|also|plus|aur|और)\s+(?:also\s+)?", re.IGNORECASE)
_SHORTEST_PART_WORDS = 2
# Sentences that mean nothing without the one before them.
_CONTINUES = re.compile(
    r"(?:it|its|they|their|them|this|that|these|those|he|she|but|however|otherwise|also|then|so)\b", re.IGNORECASE
)
# A second sentence is said when it is about as close to the question as the first.
_AS_CLOSE = 0.12
_WEIGHT_OF_WORDS = 0.3
_ENDING = re.compile(r"(?<=\w{3})(?:ing|s)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brevity:
    """How much may be taken from one passage."""

    sentences: int
    characters: int


SPOKEN = Brevity(sentences=2, characters=200)
WRITTEN = Brevity(sentences=3, characters=400)


class PassageReader:
    """Finds what in some passages answers a question: by meaning if there is an embedder, else by common words."""

    def __init__(self, embedder: Embedder | None) -> None:
        self._embedder = embedder

    async def answer(
        self,
        question: str,
        passages: Sequence[Passage],
        brevity: Brevity,
        *,
        least_closeness: float,
        found: Mapping[str, Passage] = MappingProxyType({}),
    ) -> str:
        """The relevant sentences of the first passage; of several when the question's parts are answered in several.

        `least_closeness` is what a passage must reach to answer a part of the question; `found` is what was looked for
        and found for some of the parts.
        """
        parts = _question_parts(question)
        texts = [f"{passage.title}. {passage.text}" for passage in passages]
        chosen: dict[str, str] = {}
        for part in parts if len(parts) > 1 else ():
            closeness = await self.closeness(part, texts)
            passage = found.get(part) or passages[closeness.index(max(closeness))]
            if (part in found or max(closeness) >= least_closeness) and passage.text not in chosen:
                chosen[passage.text] = await self._excerpt(part, passage, brevity)
        return " ".join(chosen.values()) or await self._excerpt(question, passages[0], brevity)

    async def unanswered_parts(
        self, question: str, passages: Sequence[Passage], *, least_closeness: float
    ) -> list[str]:
        """Those parts of a question in several parts that no passage answers, or only one that answers another part."""
        parts = _question_parts(question)
        if len(parts) == 1 or not passages:
            return []
        texts = [f"{passage.title}. {passage.text}" for passage in passages]
        closest: dict[str, tuple[float, str]] = {}
        missing = []
        for part in parts:
            closeness = await self.closeness(part, texts)
            best = max(closeness)
            # The same text may stand under several titles.
            text = passages[closeness.index(best)].text
            if best < least_closeness:
                missing.append(part)
                continue
            other, other_part = closest.get(text, (0.0, ""))
            missing += [other_part if best > other else part] if other_part else []
            closest[text] = max((best, part), (other, other_part))
        return missing

    async def closeness(self, question: str, texts: Sequence[str]) -> list[float]:
        """How close each text is to the question: cosine of their meanings, or the share of its words they have."""
        # The embedder knows English; to it, all texts in other tongues are alike.
        if self._embedder is not None and tongue_of(question, spoken=False) is Tongue.ENGLISH:
            try:
                asked, *vectors = await self._embedder.embed([question, *texts])
            except ModelUnavailable:
                pass  # Common words are a worse measure, but better than no answer.
            else:
                return [sum(a * b for a, b in zip(asked, vector, strict=True)) for vector in vectors]
        return _shares_of_words(_words(question), texts)

    async def _excerpt(self, question: str, passage: Passage, brevity: Brevity) -> str:
        sentences = split_sentences(passage.text)
        if len(sentences) <= brevity.sentences and len(passage.text) <= brevity.characters:
            return " ".join(sentences)
        # Meaning alone puts "open on Sundays" beside "open on weekdays": the very words count too, but not those of the
        # title, which is what all the sentences are about.
        meaning = await self.closeness(question, sentences)
        words = _shares_of_words(_words(question) - _words(passage.title), sentences)
        closeness = [by_meaning + _WEIGHT_OF_WORDS * share for by_meaning, share in zip(meaning, words, strict=True)]
        best = max(closeness)
        chosen: list[int] = []
        for index in sorted(range(len(sentences)), key=lambda index: -closeness[index]):
            wanted = _with_antecedent(index, sentences) - set(chosen)
            length = sum(len(sentences[i]) for i in (*chosen, *wanted))
            fits = len(chosen) + len(wanted) <= brevity.sentences and length <= brevity.characters
            if not chosen or (fits and closeness[index] >= best - _AS_CLOSE):
                chosen += wanted
        return " ".join(sentences[index] for index in sorted(chosen))


def _with_antecedent(index: int, sentences: list[str]) -> set[int]:
    """A sentence, and the one before it when it refers to that."""
    return {index - 1, index} if index and _CONTINUES.match(sentences[index]) else {index}


def _question_parts(question: str) -> list[str]:
    parts = [part.strip() for part in _PARTS.split(question.strip())]
    if len(parts) > 1 and all(len(part.split()) >= _SHORTEST_PART_WORDS for part in parts if part):
        return [part for part in parts if part]
    return [question]


def _shares_of_words(asked: set[str], texts: Sequence[str]) -> list[float]:
    """Which share of the words each text has, 0..1."""
    return [len(asked & _words(text)) / max(1, len(asked)) for text in texts]


def _words(text: str) -> set[str]:
    """The stems of the words that carry meaning."""
    words = (word for word in all_words(text) if search_words(word))
    return {_ENDING.sub("", word) if word.isascii() else stem(word) for word in words}
