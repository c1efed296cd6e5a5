"""The words by which a text is found: cut to their stems, without those that every text has, in any script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.domain.routing.comparable_text import comparable, words_of

MOST_SEARCH_WORDS = 24
"""Of a longer question the first are looked for."""

# Longer ones are addresses and keys, by which nothing is found; PostgreSQL refuses to look for more than 2046 bytes.
_LONGEST_WORD = 100
_SHORTEST_OPEN_STEM = 5
_SHORTEST_LATIN_STEM = 4
_SHORTEST_INDIC_STEM = 2
_FIRST_INDIC = "\u0900"
_LAST_INDIC = "\u0dff"

# Candrabindu as anusvara; without nukta and joiners.
_SPELLING = {0x0901: 0x0902, 0x093C: None, 0x200C: None, 0x200D: None}
# The longest first. The second line is Hindi in Latin letters: khulta, khulega, milenge, karwani.
_LATIN_ENDINGS = (
    *("ations", "ation", "ings", "ing", "ies", "ed", "es", "s", "y", "e"),
    *("enge", "egi", "ega", "wana", "wani", "ta", "te", "ti", "na", "ne", "ni", "a", "i", "o", "u"),
)
_HINDI_ENDINGS = (
    *("ियों", "ाएं", "ाओं", "ेंगे", "ेगा", "ेगी", "वाना", "वाने", "वानी"),
    *("ता", "ते", "ती", "ना", "ने", "नी", "ों", "ें", "ीं", "यां", "ए", "ा", "े", "ी", "ो", "ि", "ु", "ू"),
)
_QUESTION_WORDS = frozenset(
    "where who कैसे kaise कब कहाँ कहां कितना कितनी कितने कौन कधी कुठे किती kab kahan kahaan kitna kitne kitni kaun"
    " কখন কোথায় কত எப்போது எப்பொழுது எங்கே எங்கு எவ்வளவு யார் ఎప్పుడు ఎక్కడ ఎంత ఎవరు ಯಾವಾಗ ಎಲ್ಲಿ ಎಷ್ಟು ಯಾರು"
    " എപ്പോൾ എവിടെ എത്ര ആര്".translate(_SPELLING).split()
)
_COMMON = frozenset(
    # English
    "a about after all also am an and any anything are as at available be been before but by can could day did do does"
    " don for from get give go going got had has have having hello help hi how i if in into is it its just kindly know"
    " let like ll long many may me more much must my need no not now of off ok on one or our out over please re say see"
    " shall she should so some tell than thank thanks that the their them then there these they this to today too up us"
    " ve very want was way we were what when which why will with would yes you your"
    # Hindi
    " अगर अब अभी आप आपका आपकी आपके इस इसका उस एक और करते करना करने करूँ कर का कि किस की के को "
    " कोई कौनसा क्या क्यों गया चाहिए चाहता चाहती जा जी जो तक तो था थी थे दें दे नमस्ते नहीं ने पर"
    " बताइए बताएँ बताओ बता भी मुझे मेरा मेरी मेरे में मैं यह ये या लिए वह वहाँ से हम हमारा हाँ ही है हैं हूँ हो होगा"
    " होता होती होते रहा रही रहे सकता सकती सकते क्योंकि मिल साथ वाला वाली कृपया मिलेगा मिलेगी मिलेंगे मिलता मिलती"
    " मिलते रहना रहता लगता लगेगा लगते होगी होना"
    # Hindi in Latin letters
    " aap aapka aapke aapki ab agar aur batao bataiye batayein bhai bhi chahiye chahta hai hain haan ho hoga hona hoon"
    " hota hoti hote hum ji jo ka kaisa kar karna karne karo karu karun karte kaunsa ke"
    " ki kis ko koi kripya kya kyun kyon liye lekin main mein mera mere meri mil mujhe mujhko nahi"
    " nahin ne par pe please raha rahi rahe sakta sakte sakti se tak to toh wahan wala wali ya yahan yeh bata"
    " milega milegi milenge milta milti milte rehna lagta lagega lagenge lagte"
    # Questions in Marathi, Bengali, Tamil, Telugu, Kannada and Malayalam
    " काय कसे आहे आहेत কী কি কীভাবে কেন আছে এর எப்படி என்ன"
    " ஏன் எத்தனை உள்ளது இருக்கிறது எனக்கு நான் ఎలా ఏమిటి ఎందుకు ఉంది "
    " ಹೇಗೆ ಏನು ಇದೆ എങ്ങനെ എന്ത് ഉണ്ട്".translate(_SPELLING).split()
)


def search_words(text: str) -> tuple[str, ...]:
    """The stems of the words that carry meaning, each once, in the order of the text."""
    words = (word for word in all_words(text) if word not in _COMMON)
    words = (word for word in words if (len(word) > 1 or word.isdigit()) and len(word) <= _LONGEST_WORD)
    return tuple(dict.fromkeys(stem(word) for word in words))


def optional_words(stems: Sequence[str]) -> frozenset[int]:
    """The places of words that say what kind of answer is wanted: they count where found, and are hardly missed."""
    return frozenset(place for place, known in enumerate(stems) if known in _STEMS_OF_QUESTIONS)


def all_words(text: str) -> list[str]:
    """The words of a text as they are compared: Hindi is written with and without the same dots."""
    return words_of(comparable(text).translate(_SPELLING))


def stem(word: str) -> str:
    """A comparable word without its ending, so that "booked" finds "booking" and "खुलता" finds "खुलने"."""
    if word.isdigit():
        return word
    if _is_indic(word):
        return _without_ending(word, _HINDI_ENDINGS, _SHORTEST_INDIC_STEM)
    if len(word) == _SHORTEST_LATIN_STEM and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return _without_ending(word, _LATIN_ENDINGS, _SHORTEST_LATIN_STEM)


def is_open(stem_of_word: str) -> bool:
    """Whether any word that begins with the stem is a form of it; of short ones and of numbers, few or none are."""
    if stem_of_word.isdigit():
        return False
    return _is_indic(stem_of_word) or len(stem_of_word) >= _SHORTEST_OPEN_STEM


def forms(stem_of_word: str) -> tuple[str, ...]:
    """The words that a stem stands for, where it is not open."""
    if stem_of_word.isdigit():
        return (stem_of_word,)
    return tuple(f"{stem_of_word}{ending}" for ending in ("", *_LATIN_ENDINGS))


def found_words(stems: Sequence[str], words: Iterable[str]) -> frozenset[int]:
    """Which of the stems, by their place, occur among comparable words."""
    known = frozenset(words)
    return frozenset(place for place, wanted in enumerate(stems) if _occurs(wanted, known))


def _occurs(wanted: str, words: frozenset[str]) -> bool:
    if is_open(wanted):
        return any(word.startswith(wanted) for word in words)
    return not words.isdisjoint(forms(wanted))


def _without_ending(word: str, endings: tuple[str, ...], shortest: int) -> str:
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= shortest:
            return word[: -len(ending)]
    return word


def _is_indic(word: str) -> bool:
    return any(_FIRST_INDIC <= letter <= _LAST_INDIC for letter in word)


_STEMS_OF_QUESTIONS = frozenset(stem(word) for word in _QUESTION_WORDS)
