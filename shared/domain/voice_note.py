"""Voice notes: what can be heard of them, when a reply becomes one, and how long either may be. Pure."""

from __future__ import annotations

import struct
from enum import StrEnum

from shared.domain.agent import VoiceNotePolicy
from shared.domain.wishes import UserWishes

VOICE_NOTE_TYPE = "audio/ogg; codecs=opus"
"""The one form in which WhatsApp shows audio as a voice note: OGG, Opus, mono."""

LONGEST_HEARD_SECONDS = 300
LARGEST_HEARD_BYTES = 5_000_000
"""Of audio whose length cannot be told without decoding it; five minutes of a common sound file."""

LONGEST_SPOKEN_CHARACTERS = 700
"""Some fifty seconds: nobody listens to more of what could be read in ten."""
LARGEST_SPOKEN_BYTES = 512 * 1024
"""WhatsApp shows a larger file as a download, not as a voice note."""

_OPUS_HZ = 48_000
_LOWEST_HZ = 8_000
_PAGE = struct.Struct("<4sBBqIIIB")
_OPUS_HEAD = struct.Struct("<8sBBHI")
_FIRST_PAGE_BYTES = 300
_LAST_PAGES_BYTES = 70_000


class Unheard(StrEnum):
    """Why a voice note has no words.

    TOO_LONG: nobody asked the engine. UNREADABLE: not a sound file that the engine knows. UNCLEAR: it heard no words.
    UNAVAILABLE: it gave no answer.
    """

    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"
    UNCLEAR = "unclear"
    UNAVAILABLE = "unavailable"


def unheard_of(reason: str) -> Unheard:
    """The reason that an engine gave; whatever it refuses otherwise cannot be read."""
    return Unheard(reason) if reason in set(Unheard) else Unheard.UNREADABLE


def answers_by_voice(policy: VoiceNotePolicy, wishes: UserWishes, *, came_as_voice: bool) -> bool:
    """Whether a reply is spoken; `came_as_voice`: the message was a voice note itself. What the user asked for wins."""
    if policy is VoiceNotePolicy.NEVER or wishes.wants_text:
        return False
    return wishes.wants_voice or (policy is VoiceNotePolicy.MIRROR and came_as_voice)


def is_too_long(content: bytes) -> bool:
    """Whether audio lasts longer than we listen to."""
    seconds = opus_seconds(content)
    return len(content) > LARGEST_HEARD_BYTES if seconds is None else seconds > LONGEST_HEARD_SECONDS


def opus_seconds(content: bytes) -> float | None:
    """How long OGG/Opus audio plays; None for anything else.

    Read from the first page and the last, so a file that lies about its end is as long as it says: engines keep
    their own time. Source: RFC 3533, section 6; RFC 7845, sections 4 and 5.1.
    """
    first = _page_at(content, 0)
    head = content.find(b"OpusHead", 0, _FIRST_PAGE_BYTES)
    if first is None or head < 0 or len(content) < head + _OPUS_HEAD.size:
        return None
    skipped: int = _OPUS_HEAD.unpack_from(content, head)[3]
    earliest = max(0, len(content) - _LAST_PAGES_BYTES)
    position = content.rfind(b"OggS", earliest)
    while position >= 0:
        samples = _page_at(content, position)
        if samples is not None and samples >= 0:
            return max(0, samples - skipped) / _OPUS_HZ
        position = content.rfind(b"OggS", earliest, position)
    return None


def opus_rate_hz(content: bytes) -> int | None:
    """The sample rate of the sound that OGG/Opus was made from, as the file states it; None for anything else.

    Opus itself has none: it plays at any of its rates. Source: RFC 7845, section 5.1.
    """
    head = content.find(b"OpusHead", 0, _FIRST_PAGE_BYTES)
    if head < 0 or len(content) < head + _OPUS_HEAD.size:
        return None
    stated: int = _OPUS_HEAD.unpack_from(content, head)[4]
    return stated if _LOWEST_HZ <= stated <= _OPUS_HZ else _OPUS_HZ


def _page_at(content: bytes, position: int) -> int | None:
    """The number of samples up to the end of the page that begins there; -1 if no packet ends on it."""
    if len(content) < position + _PAGE.size or content[position : position + 4] != b"OggS":
        return None
    samples: int = _PAGE.unpack_from(content, position)[3]
    return samples
