"""Promises to ring somebody back: when, about what, and what becomes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from shared.domain.call import Call, CallDirection, CallState

LONGEST_AHEAD = timedelta(days=30)
MOST_PENDING = 3
"""Of one number: nobody gets a telephone to ring all day."""

LONGEST_ABOUT = 500
TRIES = 3
RETRY_SECONDS = 300
"""Between two tries; longer than a telephone rings."""

# A clock that is read a moment before the answer may be a little behind.
_GRACE = timedelta(minutes=2)
_NOT_A_PERSON = ("voicemail", "fax")
_NUMBER = re.compile(r"[1-9]\d{6,14}", re.ASCII)
_PUNCTUATION = re.compile(r"[\s().-]")
_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?)?", re.ASCII)
_NOTE = "This call was promised to the user, who is being rung back. It is about: "


class CallBackState(StrEnum):
    """DUE: to come. RINGING: tried, and not known yet whether anybody answered. FAILED: nobody did, or it cannot be."""

    DUE = "due"
    RINGING = "ringing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


PENDING = (CallBackState.DUE, CallBackState.RINGING)


class WhoRings(StrEnum):
    """Who is wanted: an AGENT rings by itself; a PERSON finds the promise in the list."""

    AGENT = "agent"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    """A promise as it is kept.

    Attributes:
        id: the same for the same promise, however often it is made.
        conversation_id: where it was promised.
        agent_id: who promised it; None where the platform did.
        phone_number: whom to ring, without plus; empty where the caller hid it.
        attempts: how often somebody has set to it; a result with an older count is refused.
        call_sid: the latest try.
    """

    id: str
    conversation_id: str
    wanted: WhoRings
    agent_id: str | None
    phone_number: str
    about: str
    due_at: datetime
    state: CallBackState = CallBackState.DUE
    attempts: int = 0
    call_sid: str | None = None


class NextStep(StrEnum):
    """What to do with a promise that was set to."""

    RING = "ring"
    REACHED = "reached"
    GIVE_UP = "give_up"


def next_step(call_back: CallBack, latest: Call | None) -> NextStep:
    """What to do now that the promise was set to for the `attempts`-th time; `latest` is the call of the last try.

    Whoever talks at this moment, or hung up on us, was reached; a machine or a telephone that rang in vain was not.
    """
    if latest is not None and latest.answered_at is not None and latest.end_reason not in _NOT_A_PERSON:
        return NextStep.REACHED
    return NextStep.GIVE_UP if call_back.attempts > TRIES else NextStep.RING


def phone_number_of(text: str) -> str | None:
    """A number in international form, with or without plus, as digits alone; None if it is none. Source: E.164."""
    digits = _PUNCTUATION.sub("", text.strip()).removeprefix("+")
    return digits if _NUMBER.fullmatch(digits) else None


def read_moment(when: str, *, zone: tzinfo, now: datetime) -> datetime | None:
    """The moment that is meant: ISO 8601, by the clock of the business if without offset, or a duration from now.

    None where it cannot be read.
    """
    text = when.strip()
    if text[:1].upper() == "P":
        return _after(text.upper(), now)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    # A day without a time of day says nothing about when to ring.
    if ":" not in text and "T" not in text.upper():
        return None
    return read if read.tzinfo is not None else read.replace(tzinfo=zone)


def is_too_early(at: datetime, *, now: datetime) -> bool:
    """Whether the moment has passed."""
    return at < now - _GRACE


def is_too_late(at: datetime, *, now: datetime) -> bool:
    """Whether the moment lies further ahead than anybody promises."""
    return at > now + LONGEST_AHEAD


def call_back_note(about: str) -> str:
    """What the agent who rings is told."""
    return f"{_NOTE}{about}"


def is_called_back(call: Call, latest_note: str) -> bool:
    """Whether the call keeps a promise: one of ours that follows such a note."""
    is_new = call.direction is CallDirection.OUTBOUND and call.state in (CallState.RINGING, CallState.LIVE)
    return is_new and latest_note.startswith(_NOTE)


def _after(duration: str, now: datetime) -> datetime | None:
    found = _DURATION.fullmatch(duration)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return now + timedelta(days=days, hours=hours, minutes=minutes)
