"""Every question that the API lets people ask about the past."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from shared.adapters.postgres.cursors import write_cursor
from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.domain.call import CallState
from shared.domain.conversation import ConversationStatus
from shared.ports.history import HistoryFilter

RECENT = timedelta(days=30)
PAGE = 50
Ask = Callable[[PostgresHistoryReader], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of a kind; `variants` are asked in turn.

    Attributes:
        is_recent: only the last 30 days are asked about.
    """

    name: str
    variants: Sequence[Ask]
    is_recent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the tables hold that questions can name.

    Attributes:
        words: by how often they are said, some words each.
        busiest: the user with the most conversations; `users` are others.
        alias: another identity of one of them.
    """

    newest: datetime
    busiest: str
    users: Sequence[str]
    alias: str
    words: Mapping[str, Sequence[str]]
    conversation_ids: Sequence[str]
    longest_conversation: str
    call_sids: Sequence[str]


def questions(known: Known) -> Iterator[Question]:
    """All of them, about the last 30 days and about all time."""
    for since in (known.newest - RECENT, None):
        period, is_recent = HistoryFilter(since=since), since is not None
        for name, filters in _filters(known):
            wanted = [replace(each, since=period.since) for each in filters]
            yield Question(
                name=f"conversations: {name}", variants=[_conversations(each) for each in wanted], is_recent=is_recent
            )
            if name == "needs attention":
                continue
            yield Question(name=f"calls: {name}", variants=[_calls(each) for each in wanted], is_recent=is_recent)
        for name, states in {
            "live now": (CallState.RINGING, CallState.LIVE),
            "failed": (CallState.FAILED,),
            "ended": (CallState.ENDED,),
        }.items():
            wanted = [replace(period, call_states=states)]
            yield Question(name=f"calls: {name}", variants=[_calls(each) for each in wanted], is_recent=is_recent)
        for age in (25, 400) if since is None else (25,):
            cursor = _cursor(known.newest - timedelta(days=age))
            name = f"{age} days down"
            yield Question(
                name=f"conversations: {name}", variants=[_conversations(period, cursor)], is_recent=is_recent
            )
            yield Question(name=f"calls: {name}", variants=[_calls(period, cursor)], is_recent=is_recent)
    yield Question(
        name="a conversation", variants=[_conversation(each) for each in known.conversation_ids], is_recent=True
    )
    yield Question(
        name="messages of a conversation",
        variants=[_messages(each) for each in known.conversation_ids],
        is_recent=True,
    )
    yield Question(name="messages of the longest", variants=[_messages(known.longest_conversation)], is_recent=True)
    yield Question(
        name="a call with its transcript", variants=[_call(each) for each in known.call_sids], is_recent=True
    )


def _filters(known: Known) -> Iterator[tuple[str, Sequence[HistoryFilter]]]:
    """Every filter alone, every pair of those that are not words, and each of them with words."""
    values: dict[str, Sequence[dict[str, Any]]] = {
        "user": [{"user_id": user} for user in known.users],
        "channel": [{"channel": "voice"}, {"channel": "whatsapp"}],
        "agent": [{"agent_id": "appointments"}, {"agent_id": "complaints"}],
        "status": [{"status": ConversationStatus.OPEN}, {"status": ConversationStatus.HUMAN}],
    }
    yield "all", [HistoryFilter()]
    yield "the busiest user", [HistoryFilter(user_id=known.busiest)]
    yield "user by another identity", [HistoryFilter(user_id=known.alias)]
    yield "needs attention", [HistoryFilter(needs_attention=True)]
    for size in (1, 2, 3, 4):
        for names in combinations(values, size):
            filters = [HistoryFilter()]
            for name in names:
                filters = [replace(each, **value) for each in filters for value in values[name]]
            yield " + ".join(names), filters
    for often, words in known.words.items():
        yield f"{often} words", [HistoryFilter(text=word) for word in words]
        for name, given in values.items():
            yield f"{often} words + {name}", [HistoryFilter(text=word, **value) for word in words for value in given]


def _conversations(wanted: HistoryFilter, cursor: str | None = None) -> Ask:
    return lambda reader: reader.conversations(wanted, cursor=cursor, limit=PAGE)


def _calls(wanted: HistoryFilter, cursor: str | None = None) -> Ask:
    return lambda reader: reader.calls(wanted, cursor=cursor, limit=PAGE)


def _conversation(conversation_id: str) -> Ask:
    return lambda reader: reader.conversation(conversation_id)


def _messages(conversation_id: str) -> Ask:
    return lambda reader: reader.messages(conversation_id, cursor=None, limit=100)


def _call(call_sid: str) -> Ask:
    async def ask(reader: PostgresHistoryReader) -> object:
        return await reader.call(call_sid), await reader.transcript(call_sid)

    return ask


def _cursor(at: datetime) -> str:
    """Where a client stands who paged down to that time."""
    return write_cursor(at, "ffffffff-ffff-7fff-bfff-ffffffffffff")
