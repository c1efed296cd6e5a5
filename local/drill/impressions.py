"""How a stretch of time looked from outside: what was noticed, and until when something was not as before. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from local.drill.notes import CallTrouble, Notes

SHORTEST_LATE_SECONDS = 3.0
LATE_FACTOR = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """From when on an answer counts as late, in seconds after what it answers."""

    reply_seconds: float = SHORTEST_LATE_SECONDS
    voice_seconds: float = SHORTEST_LATE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    """What was noticed between two moments.

    Attributes:
        silence_seconds: the longest that a caller waited for the agent's voice.
        slowest_reply_seconds: from writing to the reply, the worst; None when nothing was answered.
    """

    calls_cut: int
    calls_not_connected: int
    reconnected: int
    announced: int
    silence_seconds: float
    refused_posts: int
    posts: int
    refused_pages: int
    slowest_reply_seconds: float | None


def measure_patience(notes: Notes, *, since: float) -> Patience:
    """Three times what was usual since then, and not less than three seconds."""
    replies = [
        message.replies_at[0] - message.accepted_at
        for message in notes.messages.values()
        if message.accepted_at is not None and message.replies_at and message.accepted_at >= since
    ]
    voices = [
        exchange.answered_at - exchange.asked_at
        for exchange in notes.exchanges
        if exchange.answered_at is not None and exchange.asked_at >= since
    ]
    return Patience(reply_seconds=_late(replies), voice_seconds=_late(voices))


def impression(notes: Notes, *, since: float, until: float) -> Impression:
    """What was noticed in that time; an answer still due counts as long as it was waited for."""
    events = [event.trouble for event in notes.call_events if since <= event.at < until]
    silences = [
        exchange.until - exchange.asked_at
        for exchange in notes.exchanges
        if exchange.until >= since and exchange.asked_at < until
    ]
    waits = [
        (message.replies_at[0] if message.replies_at else until) - message.written_at
        for message in notes.messages.values()
        if message.written_at < until and (not message.replies_at or message.replies_at[0] >= since)
    ]
    posts = [post for post in notes.posts if since <= post.at < until]
    return Impression(
        calls_cut=events.count(CallTrouble.CUT),
        calls_not_connected=events.count(CallTrouble.NOT_CONNECTED),
        reconnected=events.count(CallTrouble.RECONNECTED),
        announced=events.count(CallTrouble.ANNOUNCED),
        silence_seconds=max(silences, default=0.0),
        refused_posts=sum(post.is_refused for post in posts),
        posts=len(posts),
        refused_pages=sum(page.is_refused for page in notes.pages if since <= page.at < until),
        slowest_reply_seconds=max(waits, default=None),
    )


def last_blemish(notes: Notes, patience: Patience, *, since: float, now: float) -> float | None:
    """The last moment after `since` at which something was not as it should be; None when all was well.

    A reply is late by when its message was accepted, because when a refused webhook comes again is up to the provider.
    """
    return max((at for at in _blemishes(notes, patience, now=now) if at >= since), default=None)


def has_proofs(notes: Notes, patience: Patience, *, since: float, messages: int, exchanges: int) -> bool:
    """Whether so many messages and utterances of the time after `since` were answered in good time."""
    answered = sum(
        bool(message.replies_at) and message.replies_at[0] - message.accepted_at <= patience.reply_seconds
        for message in notes.messages.values()
        if message.accepted_at is not None and message.written_at >= since
    )
    heard = sum(
        exchange.answered_at is not None and exchange.answered_at - exchange.asked_at <= patience.voice_seconds
        for exchange in notes.exchanges
        if exchange.asked_at >= since
    )
    return answered >= messages and heard >= exchanges


def _blemishes(notes: Notes, patience: Patience, *, now: float) -> Iterator[float]:
    for request in (*notes.posts, *notes.pages):
        if request.is_refused:
            yield request.at
    for event in notes.call_events:
        yield event.at
    for exchange in notes.exchanges:
        if exchange.answered_at is None or exchange.answered_at - exchange.asked_at > patience.voice_seconds:
            yield exchange.until
    for message in notes.messages.values():
        if message.accepted_at is not None:
            answered_at = message.replies_at[0] if message.replies_at else now
            if answered_at - message.accepted_at > patience.reply_seconds:
                yield answered_at


def _late(usual: list[float]) -> float:
    return max(SHORTEST_LATE_SECONDS, LATE_FACTOR * median(usual)) if usual else SHORTEST_LATE_SECONDS
