"""Searching the turns on a real database: how words are typed, and how pages go on when little is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from shared.adapters.postgres import turn_search
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.domain.message import Unanswered
from shared.ports.history import HistoryFilter
from tests.samples import a_message

pytestmark = pytest.mark.integration
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def said(database: Database, words: str, *, user: str = "asha", unanswered: Unanswered | None = None) -> str:
    """The conversation in which the user says it."""
    number = len(await found_all(database, HistoryFilter()))
    history = PostgresHistoryStore(database)
    message = a_message(text=words, user_id=user, sent_at=START + timedelta(minutes=number))
    claim = await history.claim(message, lease_seconds=30)
    assert claim is not None
    await history.complete(claim, None, None, unanswered=unanswered)
    return claim.conversation_id


async def found_all(database: Database, wanted: HistoryFilter, *, limit: int = 10) -> list[str]:
    """All that is found, page by page."""
    reader, cursor, ids = PostgresHistoryReader(database), None, list[str]()
    while True:
        page = await reader.conversations(wanted, cursor=cursor, limit=limit)
        ids += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids


@pytest.fixture(params=["by the index", "by looking"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are searched for as if they were seldom, or as if they were frequent."""
    monkeypatch.setattr(turn_search, "SELDOM", 1_000_000 if request.param == "by the index" else -1)


@pytest.mark.requirement("10.4")
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("words", "searched"),
    [
        ("मुझे रिफंड चाहिए।", "चाहिए"),
        ("मेरा फ\N{DEVANAGARI SIGN NUKTA}ोन", "फोन"),
        ("मेरा फोन", "\N{DEVANAGARI LETTER FA}ोन"),
        ("पाँच बजे", "पांच"),
        ("क्\N{ZERO WIDTH JOINER}ष", "क्ष"),
        ("எனக்கு உதவி வேண்டும்.", "வேண்டும்"),
        ("thanks🙏🏽 bye", "thanks"),
        ("she said “refund”", "refund"),
        ("REFUND—now", "refund"),
        ("Mujhe refund chahiye", '"refund chahiye"'),
        ("Mujhe refund chahiye", "paisa OR refund"),
    ],
)
async def test_words_are_found_however_they_are_typed(database: Database, words: str, searched: str) -> None:
    expected = await said(database, words)
    await said(database, "Something else", user="ravi")

    assert await found_all(database, HistoryFilter(text=searched)) == [expected]


@pytest.mark.usefixtures("way")
async def test_a_search_covers_everything_once_however_small_its_pages(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_search, "LOOKED_AT", 3)
    expected = [
        await said(database, "A refund" if number % 4 == 0 else "Hello", user=f"user-{number}") for number in range(14)
    ][::4]

    assert await found_all(database, HistoryFilter(text="refund"), limit=2) == expected[::-1]


async def test_no_more_is_looked_at_for_a_page_than_its_share(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_search, "SELDOM", -1)
    monkeypatch.setattr(turn_search, "LOOKED_AT", 3)
    await said(database, "A refund", user="first")
    for number in range(4):
        await said(database, "Hello", user=f"user-{number}")

    page = await PostgresHistoryReader(database).conversations(HistoryFilter(text="refund"), cursor=None, limit=10)

    assert page.items == ()
    assert page.next_cursor is not None


@pytest.mark.usefixtures("way")
async def test_words_and_attention_are_wanted_together(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_search, "GLANCED_AT", 2)
    await said(database, "A refund", user="answered")
    expected = await said(database, "A refund", user="late", unanswered=Unanswered.STALE)
    other = await said(database, "Hello", user="late-too", unanswered=Unanswered.STALE)
    await said(database, "Hello", user="fine")

    assert await found_all(database, HistoryFilter(text="refund", needs_attention=True)) == [expected]
    assert await found_all(database, HistoryFilter(needs_attention=True)) == [other, expected]


async def test_the_planner_tells_frequent_words_from_seldom_ones(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_search, "SELDOM", 5)
    conversation_id = await said(database, "Hello")
    rows = text(
        "INSERT INTO messages (id, conversation_id, channel, user_id, direction, speaker, kind, text, sent_at)"
        " SELECT gen_random_uuid(), :id, 'whatsapp', 'asha', 'internal', 'system', 'text',"
        " 'please ' || number, now() FROM generate_series(1, 400) AS number"
    )
    await database.run(lambda connection: connection.execute(rows, {"id": conversation_id}))
    await database.run_alone(lambda connection: connection.execute(text("ANALYZE messages")))

    seldom = {
        words: await database.run(lambda connection, words=words: turn_search.is_seldom(connection, words))  # type: ignore[misc]
        for words in ("please", "zzz")
    }

    assert seldom == {"please": False, "zzz": True}
