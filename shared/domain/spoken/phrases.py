"""Phrases as data, and whether an utterance is made of nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from shared.domain.spoken.words import words_of

# Other names of the same language in BCP 47 tags: Tagalog, the old code of Indonesian.
_SAME_LANGUAGE = {"tl": "fil", "in": "id"}


@lru_cache(maxsize=64)
def primary_language(tag: str) -> str:
    """The language of a BCP 47 tag without region and script, as our tables name it: "hi" of "hi-IN"."""
    primary = tag.replace("_", "-").partition("-")[0].casefold()
    return _SAME_LANGUAGE.get(primary, primary)


def phrases_of(listed: str) -> frozenset[tuple[str, ...]]:
    """The phrases of a list with commas, each as its words."""
    return frozenset(words for phrase in listed.split(",") if (words := words_of(phrase)))


class PhraseBook:
    """Phrases, each with the roles that it can have. Roles are bits.

    An utterance is read as a row of phrases; each way to read it has the roles of its phrases together.
    """

    def __init__(self, phrases: Mapping[int, Iterable[tuple[str, ...]]]) -> None:
        self._roles: dict[tuple[str, ...], set[int]] = {}
        for role, of_role in phrases.items():
            for phrase in of_role:
                self._roles.setdefault(phrase, set()).add(role)
        self._longest = max(map(len, self._roles), default=0)

    def readings(self, words: tuple[str, ...]) -> frozenset[int]:
        """The roles of each way to read the words as phrases and nothing but phrases; none for no words."""
        readings: list[set[int]] = [{0}]
        for end in range(1, len(words) + 1):
            reached: set[int] = set()
            for start in range(max(0, end - self._longest), end):
                if before := readings[start]:
                    roles = self._roles.get(words[start:end], ())
                    reached |= {known | role for known in before for role in roles}
            readings.append(reached)
        return frozenset(readings[-1]) if words else frozenset()
