"""Which of the passages shown to an agent its reply rests on; told by the words alone, for any model and script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.domain.agent import Citation, Passage
from shared.domain.knowledge.search_words import all_words, found_words, search_words
from shared.domain.sentence import split_sentences

_SHARE_OF_PASSAGE_SENTENCE = 0.6
_SHARE_OF_REPLY_SENTENCE = 0.75
_FEWEST_WORDS = 2
_FEWEST_WORDS_OF_REPLY = 3
_FEWEST_NUMBERS = 2


def cited(reply: str, passages: Iterable[Passage]) -> tuple[Citation, ...]:
    """The passages, in their order, that the reply rests on.

    It rests on one where it says most of a sentence of it, where most of a sentence of its own stands there, or where
    it gives several numbers of one sentence of it, as in another language. A passage that cannot be found again is
    not cited.
    """
    said = _Text(reply)
    return tuple(
        Citation(passage_id=passage.id, title=passage.title, document_id=passage.document_id)
        for passage in {passage.id: passage for passage in passages if passage.id}.values()
        if _rests_on(said, passage)
    )


class _Text:
    """A text with its words and sentences told apart once."""

    def __init__(self, text: str) -> None:
        self.words = frozenset(all_words(text))
        self.sentences = [search_words(sentence) for sentence in split_sentences(text)]

    def share_of(self, sentence: Sequence[str]) -> float:
        """Which share of a sentence's words stand here."""
        return len(found_words(sentence, self.words)) / len(sentence)


def _rests_on(said: _Text, passage: Passage) -> bool:
    known = _Text(passage.text)
    titled = _Text(f"{passage.title}\n{passage.text}")
    return (
        any(
            len(sentence) >= _FEWEST_WORDS and said.share_of(sentence) >= _SHARE_OF_PASSAGE_SENTENCE
            for sentence in known.sentences
        )
        or any(
            len(sentence) >= _FEWEST_WORDS_OF_REPLY and titled.share_of(sentence) >= _SHARE_OF_REPLY_SENTENCE
            for sentence in said.sentences
        )
        or any(_gives_numbers(said, sentence) for sentence in known.sentences)
    )


def _gives_numbers(said: _Text, sentence: Sequence[str]) -> bool:
    numbers = [word for word in sentence if word.isdigit()]
    return len(numbers) >= _FEWEST_NUMBERS and said.words.issuperset(numbers)
