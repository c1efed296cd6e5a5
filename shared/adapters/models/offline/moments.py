"""When a user wants to be rung: "tomorrow at 5 pm", "kal shaam 5 baje", "in an hour". What is in doubt is no moment."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_NUMBERS = {
    name: number
    for number, names in enumerate(
        (
            "one an a ek एक",
            "two do दो",
            "three teen तीन",
            "four char चार",
            "five paanch panch पाँच पांच",
            "six chhe छह",
            "seven saat सात",
            "eight aath आठ",
            "nine nau नौ",
            "ten das दस",
            "eleven gyarah ग्यारह",
            "twelve barah बारह",
        ),
        start=1,
    )
    for name in names.split()
} | {"fifteen": 15, "twenty": 20, "thirty": 30, "half": 30, "pandrah": 15, "tees": 30}
_NUMBER = rf"(?:\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_MINUTES = r"(?:minutes?|mins?|मिनट)"
_HOURS = r"(?:hours?|hrs?|ghant[ae]|घंटे|घंटा|घण्टे)"
_LATER = r"(?:later|baad|mein|me|में|बाद)"
_IN_HALF = re.compile(r"\b(?:in )?half an hour\b|\baadhe ghante\b|आधे घंटे")
_IN = re.compile(
    rf"(?:\b(?:in|after) (?P<n>{_NUMBER}) (?:(?P<m>{_MINUTES})|(?P<h>{_HOURS}))"
    rf"|(?P<n2>{_NUMBER}) (?:(?P<m2>{_MINUTES})|(?P<h2>{_HOURS})) (?:ke )?{_LATER})"
)
_DAYS = (
    (re.compile(r"\bday after tomorrow\b|\bparson?\b|परसों"), 2),
    (re.compile(r"\btomorrow\b|\bkal\b|(?<!\S)कल(?!\S)"), 1),
    (re.compile(r"\btoday\b|\btonight\b|\baaj\b|(?<!\S)आज(?!\S)|\bthis (?:evening|afternoon|morning)\b"), 0),
)
_WEEKDAYS = (
    re.compile(r"\bmon(?:day)?\b|\bsomvaar\b|\bsomwar\b|सोमवार"),
    re.compile(r"\btue(?:s|sday)?\b|\bmangalvaar\b|\bmangalwar\b|मंगलवार"),
    re.compile(r"\bwed(?:nesday)?\b|\bbudhvaar\b|\bbudhwar\b|बुधवार"),
    re.compile(r"\bthu(?:rs|rsday)?\b|\bguruvaar\b|\bguruwar\b|गुरुवार"),
    re.compile(r"\bfri(?:day)?\b|\bshukravaar\b|\bshukrawar\b|शुक्रवार"),
    re.compile(r"\bsat(?:urday)?\b|\bshanivaar\b|\bshaniwar\b|शनिवार"),
    re.compile(r"\bsunday\b|\bravivaar\b|\braviwar\b|रविवार"),
)
_MORNING = re.compile(r"\bmorning\b|\bsubah\b|सुबह")
_LATE = re.compile(r"\b(?:afternoon|evening|night|tonight|dopahar|shaam|sham|raat)\b|दोपहर|शाम|रात")
_CLOCK = re.compile(
    rf"(?P<hour>\d{{1,2}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
    r"(?:[:.](?P<minute>\d\d))?\s*(?P<half>[ap]\.?\s?m\b\.?)?(?P<baje>\s*(?:o'?clock|baje|बजे))?"
)
_AT = re.compile(r"\b(?:at|around|by)\s+$")
_NOON = 12
_LATEST_HOUR = 23
_FIRST_OFFICE_HOUR = 8
_WEEK = 7


def read_when(text: str, now: datetime) -> str | None:
    """The moment as ISO 8601: a duration, or a time by the clock of `now`; None where day or time is left open."""
    words = " ".join(text.casefold().replace(",", " ").split())
    if _IN_HALF.search(words):
        return "PT30M"
    if found := _IN.search(words):
        number = _number(found["n"] or found["n2"])
        return f"PT{number}M" if found["m"] or found["m2"] else f"PT{number}H"
    clock = _clock(words)
    if clock is None:
        return None
    day = _day(words, now)
    at = now.replace(hour=clock[0], minute=clock[1], second=0, microsecond=0)
    if day is None:
        at += timedelta(days=1 if at <= now else 0)
    else:
        at += timedelta(days=day)
    return at.strftime("%Y-%m-%dT%H:%M")


def _day(words: str, now: datetime) -> int | None:
    """How many days ahead; None where no day is named."""
    for pattern, ahead in _DAYS:
        if pattern.search(words):
            return ahead
    for weekday, pattern in enumerate(_WEEKDAYS):
        if pattern.search(words):
            return (weekday - now.weekday() - 1) % _WEEK + 1
    return None


def _clock(words: str) -> tuple[int, int] | None:
    for found in _CLOCK.finditer(words):
        is_word = found.start() > 0 and not words[found.start() - 1].isspace()
        is_told = found["half"] or found["baje"] or found["minute"] or _AT.search(words[: found.start()])
        hour, minute = _number(found["hour"]), int(found["minute"] or 0)
        if is_word or not is_told or not (found["half"] or found["baje"] or words[found.end() :][:1].strip() == ""):
            continue
        if hour > _LATEST_HOUR or minute > 59:  # noqa: PLR2004 - minutes of an hour
            continue
        return _of_day(hour, words, found["half"]), minute
    return None


def _of_day(hour: int, words: str, half: str | None) -> int:
    """The hour of the day; without a word about it, one at which offices are open."""
    if hour > _NOON:
        return hour
    if half:
        return hour % _NOON + (_NOON if half.startswith("p") else 0)
    if _MORNING.search(words):
        return hour % _NOON
    is_late = _LATE.search(words) is not None or hour < _FIRST_OFFICE_HOUR
    return hour % _NOON + _NOON if is_late or hour == _NOON else hour


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else _NUMBERS[text]
