"""How PostgreSQL goes about each question of the history, as the adapter really sends it, among many rows.

A question that reads more the more there is would pass every other test and fail after a year. So the plans are looked
at: which index they use, that no table is read as a whole, and how many rows they touch for a page.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from benchmarks.history.loading import load
from shared.adapters.postgres import turn_search
from shared.adapters.postgres.cursors import write_cursor
from shared.adapters.postgres.engine import Database, driver_url
from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.domain.call import CallState
from shared.domain.conversation import ConversationStatus
from shared.ports.history import HistoryFilter

pytestmark = pytest.mark.integration

MESSAGES = 120_000
PAGE = 20
# What a page takes beside its own rows: users, recordings, what became of the messages.
MOST_ROWS = 600
# What a search takes: some messages of each place that is looked at.
MOST_ROWS_OF_A_SEARCH = 20_000
# Those that are big here too; of the recordings there are so few that PostgreSQL rightly reads them as a whole.
BIG_TABLES = {"messages", "conversations", "calls", "message_events", "deliveries", "delivery_parts", "users"}
Ask = Callable[[PostgresHistoryReader], Awaitable[Any]]
Plan = dict[str, Any]

MONTH = {"since": datetime.now(UTC) - timedelta(days=30)}
BUSIEST = "917000000000"
DEEP = write_cursor(datetime.now(UTC) - timedelta(days=100), "ffffffff-ffff-7fff-bfff-ffffffffffff")


@pytest.fixture(scope="module")
def years_url(postgres_url: str, postgres_admin: Engine) -> Iterator[str]:
    """A database with two years of conversations."""
    with postgres_admin.connect() as connection:
        connection.execute(text("CREATE DATABASE years"))
    url = driver_url(postgres_url).set(database="years").render_as_string(hide_password=False)
    load(url, messages=MESSAGES, say=lambda _: None, sentences=5_000)
    yield url
    with postgres_admin.connect() as connection:
        connection.execute(text("DROP DATABASE years WITH (FORCE)"))


@pytest.fixture
async def years(years_url: str) -> Any:
    database = Database(years_url, pool_size=1)
    yield database
    await database.close()


async def plans_of(database: Database, ask: Ask) -> list[Plan]:
    """How each statement of the question was really gone about."""
    sent: list[tuple[str, Any]] = []
    engine = database._engine

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            sent.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        await ask(PostgresHistoryReader(database))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    plans = []
    for statement, values in sent:
        explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        rows = await database.run(
            lambda connection, explained=explained, values=values: (  # type: ignore[misc]
                connection.exec_driver_sql(explained, values).scalar_one()
            )
        )
        plans.append(rows[0]["Plan"])
    return plans


def steps(plan: Plan) -> Iterator[Plan]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from steps(part)


def rows_read(plan: Plan) -> float:
    """Rows of big tables that scans looked at, those that they threw away included."""
    thrown_away = sum(count for name, count in plan.items() if name.startswith("Rows Removed"))
    is_scan = plan["Node Type"].endswith("Scan") and plan.get("Relation Name") in BIG_TABLES
    own = (plan["Actual Rows"] + thrown_away) * plan["Actual Loops"] if is_scan else 0
    return float(own) + sum(rows_read(part) for part in plan.get("Plans", ()))


def indexes_in(plans: list[Plan]) -> set[str]:
    return {step["Index Name"] for plan in plans for step in steps(plan) if "Index Name" in step}


def read_as_a_whole(plans: list[Plan]) -> set[str]:
    scans = (step for plan in plans for step in steps(plan) if step["Node Type"] == "Seq Scan")
    return {step["Relation Name"] for step in scans} & BIG_TABLES


def most_sorted(plans: list[Plan]) -> float:
    sorts = (step for plan in plans for step in steps(plan) if step["Node Type"] in {"Sort", "Incremental Sort"})
    return max((part["Actual Rows"] for sort in sorts for part in sort["Plans"]), default=0)


def conversations(**wanted: Any) -> Ask:
    return lambda reader: reader.conversations(HistoryFilter(**wanted), cursor=None, limit=PAGE)


def calls(**wanted: Any) -> Ask:
    return lambda reader: reader.calls(HistoryFilter(**wanted), cursor=None, limit=PAGE)


LISTS: dict[str, tuple[Ask, str]] = {
    "conversations": (conversations(), "conversations_time"),
    "conversations, deep": (
        lambda reader: reader.conversations(HistoryFilter(), cursor=DEEP, limit=PAGE),
        "conversations_time",
    ),
    "conversations of a user": (conversations(user_id=BUSIEST), "conversations_user_time"),
    "conversations of a channel": (conversations(channel="voice"), "conversations_channel_time"),
    "conversations of a user on a channel": (
        conversations(user_id=BUSIEST, channel="voice"),
        "conversations_channel_user_time",
    ),
    "conversations of an agent": (conversations(agent_id="reception"), "conversations_agent_time"),
    "conversations of a seldom agent": (conversations(agent_id="complaints"), "conversations_agent_time"),
    "open conversations": (conversations(status=ConversationStatus.OPEN), "conversations_time"),
    "conversations in the hands of people": (
        conversations(status=ConversationStatus.HUMAN),
        "conversations_status_time",
    ),
    "conversations that need nobody": (conversations(needs_attention=False), "conversations_time"),
    "calls": (calls(), "calls_time"),
    "calls, deep": (lambda reader: reader.calls(HistoryFilter(), cursor=DEEP, limit=PAGE), "calls_time"),
    "calls of a user": (calls(user_id=BUSIEST), "calls_caller_time"),
    "calls of an agent": (calls(agent_id="support"), "calls_agent_time"),
    "calls of open conversations": (calls(status=ConversationStatus.OPEN), "calls_time"),
    "live calls": (calls(call_states=(CallState.RINGING, CallState.LIVE)), "calls_state_time"),
    "failed calls": (calls(call_states=(CallState.FAILED,)), "calls_state_time"),
    "ended calls": (calls(call_states=(CallState.ENDED,)), "calls_time"),
}

WORDS = {"frequent": "the", "seldom": "zinho", "Tamil": "வேண்டும்", "of no message": "zzqqzz"}
SEARCHES: dict[str, tuple[Ask, str]] = {
    "conversations that need a person": (conversations(needs_attention=True), "messages_attention"),
    "calls in the hands of people": (calls(status=ConversationStatus.HUMAN), "conversations_status_time"),
    **{
        f"{kind} with {often} words{' of an agent' if others else ''}": (
            ask(text=words, **others),
            "messages_search" if often == "of no message" else "",
        )
        for (kind, ask), (often, words), others in itertools.product(
            {"conversations": conversations, "calls": calls}.items(), WORDS.items(), ({}, {"agent_id": "complaints"})
        )
    },
}


@pytest.mark.requirement("10.4")
@pytest.mark.requirement("10.5")
@pytest.mark.parametrize("name", LISTS)
async def test_a_page_of_a_list_is_read_from_its_index_and_takes_few_rows(years: Database, name: str) -> None:
    ask, index = LISTS[name]

    plans = await plans_of(years, ask)

    assert index in indexes_in(plans)
    assert read_as_a_whole(plans) == set()
    assert max(rows_read(plan) for plan in plans) <= MOST_ROWS
    assert most_sorted(plans) <= MOST_ROWS


@pytest.mark.requirement("10.5")
@pytest.mark.parametrize("name", SEARCHES)
async def test_a_page_of_a_search_takes_a_bounded_number_of_rows(years: Database, name: str) -> None:
    ask, index = SEARCHES[name]

    plans = await plans_of(years, ask)

    assert index == "" or index in indexes_in(plans)
    assert read_as_a_whole(plans) == set()
    assert max(rows_read(plan) for plan in plans) <= MOST_ROWS_OF_A_SEARCH
    assert most_sorted(plans) <= turn_search.SELDOM


@pytest.mark.requirement("10.5")
@pytest.mark.parametrize("ask", [conversations(**MONTH), calls(**MONTH)], ids=["conversations", "calls"])
async def test_what_was_said_in_the_last_month_is_read_from_the_end(years: Database, ask: Ask) -> None:
    plans = await plans_of(years, ask)

    assert read_as_a_whole(plans) == set()
    assert max(rows_read(plan) for plan in plans) <= MOST_ROWS


@pytest.mark.requirement("10.5")
async def test_a_conversation_its_messages_and_a_call_are_read_by_their_keys(years: Database) -> None:
    longest = "SELECT id FROM conversations WHERE channel = 'whatsapp' ORDER BY message_count DESC LIMIT 1"
    latest = "SELECT call_sid FROM calls ORDER BY started_at DESC LIMIT 1"
    (conversation_id, call_sid) = [
        await years.run(lambda connection, query=query: connection.execute(text(query)).scalar_one())  # type: ignore[misc]
        for query in (longest, latest)
    ]

    plans = [
        *await plans_of(years, lambda reader: reader.conversation(str(conversation_id))),
        *await plans_of(years, lambda reader: reader.messages(str(conversation_id), cursor=None, limit=PAGE)),
        *await plans_of(years, lambda reader: reader.call(call_sid)),
        *await plans_of(years, lambda reader: reader.transcript(call_sid)),
    ]

    assert {"conversations_pkey", "messages_conversation_time", "calls_pkey", "messages_call_time"} <= indexes_in(plans)
    assert read_as_a_whole(plans) == set()
    assert max(rows_read(plan) for plan in plans) <= MOST_ROWS
