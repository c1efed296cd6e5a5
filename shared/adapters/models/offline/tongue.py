"""The language that a remark is answered in: English, Hindi, or Hindi in Latin letters."""

from __future__ import annotations

import re
from enum import Enum, auto

_DEVANAGARI = re.compile("[\u0900-\u097f]")
_HINGLISH = re.compile(
    r"\b(?:kya|hai|hain|hoon|kab|kahan|kaise|kitn[aei]|mer[aie]|mujhe|mujhko|aap|aapka|aapki|aapke|nahi|nahin|chahiye"
    r"|karna|karni|kar|karo|karte|karein|kaun|kyun|k[aio]|ko|se|aur|milega|milegi|hoga|hogi|bata[oi]|bataiye|dijiye"
    r"|kijiye|raha|rahi|sakt[aei]|haan|ji|dhanyavaa?d|shukriya|baje|kal|shaam|subah|apna|apni|apne|sab)\b"
)
_HINGLISH_WORDS = 2
_THANKS_AND_GREETINGS = re.compile(r"\W*(?:dhanyavaa?d|(?:bahut )?shukriya|alvida|phir milenge)\b.*", re.IGNORECASE)


class Tongue(Enum):
    """HINGLISH is Hindi in Latin letters."""

    ENGLISH = auto()
    HINDI = auto()
    HINGLISH = auto()


def tongue_of(remark: str, *, spoken: bool) -> Tongue:
    """In which language to answer; what is spoken is in Latin letters, which the offline voice can read."""
    if _DEVANAGARI.search(remark):
        return Tongue.HINGLISH if spoken else Tongue.HINDI
    is_hinglish = len(_HINGLISH.findall(remark.casefold())) >= _HINGLISH_WORDS
    return Tongue.HINGLISH if is_hinglish or _THANKS_AND_GREETINGS.fullmatch(remark) else Tongue.ENGLISH
