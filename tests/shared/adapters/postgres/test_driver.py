"""How statements travel to a real server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from pg8000 import core
from sqlalchemy import Connection, Engine, Executable, text
from sqlalchemy.exc import DBAPIError

from shared.adapters.postgres.engine import make_engine

ADD = text("INSERT INTO users (channel, user_id) VALUES ('voice', :user_id)")
ADD_LATER = ADD.execution_options(is_awaited=False)
COUNT = text("SELECT count(*) FROM users")

pytestmark = pytest.mark.integration


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """One connection."""
    engine = make_engine(database_url, pool_size=1, ca_file=None, credentials=None, socket_timeout_seconds=5)
    yield engine
    engine.dispose()


@pytest.fixture
def trips(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every message to the server, from the first transaction on."""
    count_users(engine)
    made: list[int] = []
    flush = core._flush

    def note(sock: Any) -> None:
        made.append(1)
        flush(sock)

    monkeypatch.setattr(core, "_flush", note)
    return made


def count_users(engine: Engine) -> int:
    with engine.begin() as connection:
        return int(connection.execute(COUNT).scalar_one())


def run_in_one_transaction(engine: Engine, *statements: Executable) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement, {"user_id": "asha"})


def run_both(connection: Connection) -> int:
    connection.execute(ADD_LATER, {"user_id": "asha"})
    return int(connection.execute(COUNT).scalar_one())


def test_a_statement_takes_one_trip_and_the_transaction_begins_with_it(engine: Engine, trips: list[int]) -> None:
    with engine.begin() as connection:
        connection.execute(ADD, {"user_id": "asha"})

        assert len(trips) == 1

    assert len(trips) == 2


def test_what_is_not_awaited_travels_with_the_next_statement_and_is_done_before_it(
    engine: Engine, trips: list[int]
) -> None:
    with engine.begin() as connection:
        seen = run_both(connection)

        assert (seen, len(trips)) == (1, 1)


def test_what_is_not_awaited_at_last_is_kept_with_the_transaction(engine: Engine, trips: list[int]) -> None:
    with engine.begin() as connection:
        connection.execute(ADD_LATER, {"user_id": "asha"})

    assert (len(trips), count_users(engine)) == (1, 1)


def test_a_statement_that_is_not_awaited_fails_the_next_one(engine: Engine) -> None:
    with pytest.raises(DBAPIError):
        run_in_one_transaction(engine, ADD_LATER, ADD_LATER, COUNT)

    assert count_users(engine) == 0


def test_a_statement_that_is_not_awaited_fails_the_end_of_its_transaction(engine: Engine) -> None:
    with pytest.raises(DBAPIError):
        run_in_one_transaction(engine, ADD, ADD_LATER)

    assert count_users(engine) == 0


def test_what_was_not_awaited_is_forgotten_when_the_work_fails(engine: Engine, trips: list[int]) -> None:
    with suppress(LookupError), engine.begin() as connection:
        connection.execute(ADD_LATER, {"user_id": "asha"})
        raise LookupError

    assert (len(trips), count_users(engine)) == (0, 0)


def test_the_count_of_rows_is_that_of_the_awaited_statement(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(ADD_LATER, {"user_id": "asha"})
        connection.execute(ADD_LATER, {"user_id": "bela"})

        changed = connection.execute(text("UPDATE users SET name = 'B' WHERE user_id = :user_id"), {"user_id": "bela"})

        assert changed.rowcount == 1


def test_a_failed_statement_leaves_a_connection_that_can_go_on(engine: Engine) -> None:
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text("SELECT 1 / :zero"), {"zero": 0})

    assert count_users(engine) == 0


def test_a_connection_that_was_just_used_is_not_asked_whether_it_is_alive(engine: Engine, trips: list[int]) -> None:
    count_users(engine)

    assert len(trips) == 2


def test_a_connection_that_was_silent_for_long_is_asked(
    engine: Engine, trips: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.adapters.postgres.driver._SURELY_ALIVE_SECONDS", 0)

    count_users(engine)

    assert len(trips) == 3


def test_percent_signs_and_nothing_at_all_arrive_as_they_are(engine: Engine) -> None:
    with engine.begin() as connection:
        row = connection.execute(
            text("SELECT '100 %', CAST(:name AS text), :text || '%s'"), {"name": None, "text": "a"}
        )

        assert tuple(row.one()) == ("100 %", None, "a%s")
