"""Reads what the database of the copy knows of the drill's messages and calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pg8000.native
from sqlalchemy import make_url

from local.drill.verdict import StoredCall, StoredQuestion
from shared.domain.spoken.fixed_sentences import SentenceKind, sentence

TIMEOUT_SECONDS = 10

_QUESTIONS = """
    SELECT asked.provider_message_id, asked.state, replies.provider_message_id, replies.delivery_status
    FROM messages AS asked LEFT JOIN messages AS replies ON replies.answers_id = asked.id
    WHERE asked.direction = 'inbound' AND asked.user_id = ANY(:users)
"""
_CALLS = """
    SELECT calls.call_sid, calls.state, count(turns.id)
    FROM calls LEFT JOIN messages AS turns ON turns.call_sid = calls.call_sid AND turns.direction = 'inbound'
    GROUP BY calls.call_sid, calls.state
"""
_APOLOGIES = """
    SELECT extract(epoch FROM clock_timestamp() - stored_at)::float FROM messages
    WHERE call_sid IS NOT NULL AND direction = 'outbound' AND text = ANY(:texts)
"""


def connect(database_url: str) -> pg8000.native.Connection:
    """A connection of one's own, past every proxy."""
    url = make_url(database_url)
    return pg8000.native.Connection(
        url.username or "",
        password=url.password,
        host=url.host or "",
        port=url.port or 0,
        database=url.database,
        timeout=TIMEOUT_SECONDS,
        application_name="vaani-drill",
    )


def stored_questions(database_url: str, users: Sequence[str]) -> list[StoredQuestion]:
    """Every message of these users with each reply to it."""
    return [
        StoredQuestion(message_id=message_id, state=state, reply=reply, status=status)
        for message_id, state, reply, status in _rows(database_url, _QUESTIONS, users=list(users))
    ]


def stored_calls(database_url: str) -> list[StoredCall]:
    """Every call."""
    return [
        StoredCall(call_sid=sid, state=state, questions=questions)
        for sid, state, questions in _rows(database_url, _CALLS)
    ]


def apologies(database_url: str, *, now: float) -> list[float]:
    """When the agent apologised in a call, on the clock that says `now`."""
    kinds = (SentenceKind.TROUBLE, SentenceKind.WELCOME_BACK, SentenceKind.NOT_UNDERSTOOD)
    texts = [sentence(kind, "en-IN") for kind in kinds]
    return [now - ago_seconds for (ago_seconds,) in _rows(database_url, _APOLOGIES, texts=texts)]


def _rows(database_url: str, query: str, **values: Any) -> list[Any]:
    connection = connect(database_url)
    try:
        found: list[Any] = connection.run(query, **values)
        return found
    finally:
        connection.close()
