"""Fills a database of ours with years of conversations; once, so that what is there is kept for the next run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from pg8000.native import Connection, literal

from benchmarks.history import filling
from benchmarks.history.vocabulary import LANGUAGES, SENTENCES_PER_LANGUAGE, made_up_sentences
from shared.adapters.postgres.migrate import upgrade

SEED = 1
MESSAGES_PER_CONVERSATION = 10
CONVERSATIONS_PER_STEP = 20_000
_TABLES = (
    "users",
    "user_aliases",
    "conversations",
    "messages",
    "calls",
    "recordings",
    "deliveries",
    "delivery_parts",
    "provider_messages",
    "message_events",
)
Say = Callable[[str], None]


def connect(url: str) -> Connection:
    """A plain connection without time limits."""
    parts = urlsplit(url)
    connection = Connection(
        parts.username or "",
        host=parts.hostname or "",
        port=parts.port or 0,
        password=parts.password,
        database=parts.path.removeprefix("/"),
    )
    connection.run("SET statement_timeout = 0")
    connection.run("SET lock_timeout = 0")
    connection.run("SET idle_in_transaction_session_timeout = 0")
    return connection


def load(url: str, *, messages: int, say: Say, sentences: int = SENTENCES_PER_LANGUAGE) -> None:
    """Bring the schema up to date and fill its tables, unless they hold that many messages already.

    `url` is of the role to whom the database belongs; of `sentences` there are so many in each language.

    Raises:
        RuntimeError: the tables hold something else.
    """
    upgrade(url)
    connection = connect(url)
    connection.run("CREATE TABLE IF NOT EXISTS benchmark_load (messages BIGINT, is_complete BOOLEAN)")
    known = connection.run("SELECT messages, is_complete FROM benchmark_load")
    if known:
        if known != [[messages, True]]:
            message = "The database holds a load of another size, or one that broke off; remove it, or name another."
            raise RuntimeError(message)
        say(f"{messages:,} messages are there already.")
        return
    connection.run("INSERT INTO benchmark_load VALUES (:messages, false)", messages=messages)
    connection.run("SET synchronous_commit = off")
    connection.run("SET maintenance_work_mem = '1GB'")
    connection.run("SET work_mem = '256MB'")
    with _bare(connection, say):
        _fill(connection, messages, sentences, say)
    with _timed("Vacuumed and analysed", say):
        for table in _TABLES:
            connection.run(f"VACUUM (ANALYZE) {table}")
    connection.run("UPDATE benchmark_load SET is_complete = true")
    connection.close()


def _fill(connection: Connection, messages: int, sentences: int, say: Say) -> None:
    conversations = messages // MESSAGES_PER_CONVERSATION
    with _timed("Words and plan", say):
        connection.run(filling.CHANCE)
        connection.run(filling.TIMED_ID)
        connection.run("CREATE UNLOGGED TABLE benchmark_sentences (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
        connection.run("COPY benchmark_sentences FROM STDIN", stream=_sentence_lines(sentences))
        connection.run(filling.PLAN.format(conversations=conversations, people=max(100, messages // 25)))
        connection.run("CREATE INDEX ON benchmark_plan (number)")
        connection.run("ANALYZE benchmark_plan, benchmark_sentences")
    with _timed("Users, conversations, calls", say):
        for statement in (filling.USERS, filling.ALIASES, filling.CONVERSATIONS, filling.CALLS, filling.RECORDINGS):
            connection.run(statement)
    begin = time.monotonic()
    for after in range(0, conversations, CONVERSATIONS_PER_STEP):
        until = min(conversations, after + CONVERSATIONS_PER_STEP)
        connection.run(filling.MESSAGES.format(after=after, until=until, sentences=sentences))
        say(f"messages: {until / conversations:.0%} after {time.monotonic() - begin:.0f} s")
    with _timed("Deliveries and reports of the last month", say):
        connection.run(filling.RECENT_ANSWERS)
        for statement in (filling.DELIVERIES, filling.PARTS, filling.PROVIDER_NAMES, filling.REPORTS):
            connection.run(statement)
        connection.run("DROP TABLE benchmark_answers")


def _sentence_lines(count: int) -> Iterator[str]:
    number = 0
    for language in LANGUAGES:
        for text in made_up_sentences(language, count, seed=SEED):
            yield f"{number}\t{text}\n"
            number += 1


@contextmanager
def _bare(connection: Connection, say: Say) -> Iterator[None]:
    """Take indexes and references away, and make them anew when the rows are there: far quicker than row by row."""
    tables = ", ".join(literal(table) for table in _TABLES)
    indexes: list[list[Any]] = connection.run(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"  # noqa: S608 - names of ours.
        f" WHERE indrelid::regclass::text IN ({tables})"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"
    )
    references: list[list[Any]] = connection.run(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"  # noqa: S608 - as above.
        f" WHERE contype = 'f' AND conrelid::regclass::text IN ({tables})"
    )
    statistics: list[list[Any]] = connection.run(
        "SELECT attrelid::regclass::text, attnum, attstattarget FROM pg_attribute JOIN pg_class ON oid = attrelid"
        " WHERE relkind = 'i' AND attstattarget > 0"
    )
    for name, _ in indexes:
        connection.run(f"DROP INDEX {name}")
    for table, name, _ in references:
        connection.run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    for name, definition in indexes:
        with _timed(f"index {name}", say):
            connection.run(definition)
    for name, column, target in statistics:
        connection.run(f"ALTER INDEX {name} ALTER COLUMN {column} SET STATISTICS {target}")
    for table, name, definition in references:
        with _timed(f"reference {name}", say):
            connection.run(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


@contextmanager
def _timed(what: str, say: Say) -> Iterator[None]:
    begin = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - begin:.0f} s")
