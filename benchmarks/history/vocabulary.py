"""What is said: sentences of four languages, whose words are drawn as words are: a few very often, most seldom."""

# ruff: noqa: SIM905 - many words read better in one line.

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

SENTENCES_PER_LANGUAGE = 60_000
_WORDS_PER_LANGUAGE = 20_000
_SHORTEST, _LONGEST = 4, 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How a language's words are made up: what is said all the time, and syllables for the rest.

    Attributes:
        share: how many of a hundred users speak it.
        frequent: its commonest words, in order.
        syllables: what the seldom ones are put together from.
    """

    name: str
    share: int
    frequent: tuple[str, ...]
    syllables: tuple[str, ...]


LANGUAGES = (
    Language(
        name="english",
        share=40,
        frequent=tuple(
            "the to is my i for and of in appointment please you me it can on order have with do what when doctor"
            " not this at be want need report payment will time today tomorrow book call your are from or how number"
            " delivery cancel change check help phone name address monday morning evening price open close".split()
        ),
        syllables=tuple("ba ren tol mi sa vor ke lin da pho gri nes tu wal cor pe zin ho mar ti lod".split()),
    ),
    Language(
        name="hindi",
        share=25,
        frequent=tuple(
            "है में के का की से को मुझे क्या और आप मेरा नहीं कर हो यह पर कब चाहिए अपॉइंटमेंट डॉक्टर ऑर्डर कृपया समय आज कल"
            " पैसे रिपोर्ट फ़ोन नंबर पता बदलना रद्द सुबह शाम दवा जाँच भुगतान मदद कितना कहाँ बात हाँ जी धन्यवाद".split()
        ),
        syllables=tuple("का मि शो रे ना दू पै लि सा तो वी हु गा चे री मो बा पि नू यो शा".split()),
    ),
    Language(
        name="hinglish",
        share=20,
        frequent=tuple(
            "hai ka ki mujhe kya aap mera nahi kar ho ye par kab chahiye appointment doctor order please time aaj kal"
            " paise report phone number pata badalna cancel subah shaam dawa check payment madad kitna kahan haan ji"
            " dhanyavaad bhai jaldi batao thoda".split()
        ),
        syllables=tuple("ka mi sho re na du pai li sa to vi hu ga che ri mo ba pi nu yo sha".split()),
    ),
    Language(
        name="tamil",
        share=15,
        frequent=tuple(
            "எனக்கு என் ஒரு வேண்டும் இது நான் என்ன எப்போது உங்கள் இல்லை மருத்துவர் நேரம் இன்று நாளை அறிக்கை பணம் முகவரி"
            " உதவி காலை மாலை மருந்து எவ்வளவு எங்கே நன்றி ஆம் தயவுசெய்து எண் தொலைபேசி".split()
        ),
        syllables=tuple("கா மி சோ ரே னா து பை லி சா தோ வீ ஹு பா செ ரி மோ வா பி நூ யோ".split()),
    ),
)


def made_up_sentences(language: Language, count: int, *, seed: int) -> Iterator[str]:
    """The language's sentences; the same ones for the same seed."""
    dice = random.Random(f"{seed} {language.name}")  # noqa: S311 - the same sentences in every run.
    words = vocabulary(language)
    ends = ("।", "?", "", " 🙏") if language.name == "hindi" else (".", "?", "", " 🙏")
    for _ in range(count):
        length = min(_LONGEST, _SHORTEST + int(dice.expovariate(1 / 8)))
        # By Zipf's law: the word of rank r is drawn in proportion to 1/r.
        said = " ".join(words[int(len(words) ** dice.random()) - 1] for _ in range(length))
        yield said[:1].upper() + said[1:] + dice.choice(ends)


def vocabulary(language: Language) -> list[str]:
    """The language's words, the commonest first."""
    seldom = ("".join(parts) for parts in product(language.syllables, repeat=4))
    known = dict.fromkeys(language.frequent)
    while len(known) < _WORDS_PER_LANGUAGE:
        known.setdefault(next(seldom))
    return list(known)
