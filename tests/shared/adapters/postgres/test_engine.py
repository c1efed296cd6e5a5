"""The pool on a real server, and on servers that do not answer."""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text

from shared.adapters.postgres import engine as engine_module
from shared.adapters.postgres.engine import Database, driver_url
from shared.adapters.postgres.turnstile import MOST_WAITING, RETRY_AFTER_SECONDS, PoolUse
from shared.errors import NotFound, StoreUnavailable
from shared.observability.embedded_metrics import SLOW_MS

GIVEN_UP_WITHIN_SECONDS = 30
"""Far less than the minutes for which the system would wait, far more than a busy machine needs."""


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"postgresql://user:secret@127.0.0.1:{server.getsockname()[1]}/vaani"


@pytest.fixture
def abandoned_sockets() -> Iterator[None]:
    """pg8000 leaves the socket of a failed handshake to the garbage collector; it is collected here, without alarm."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def read_one(connection: Connection) -> int:
    return int(connection.execute(text("SELECT 1")).scalar_one())


def read_one_slowly(connection: Connection) -> int:
    return int(connection.execute(text("SELECT 1, pg_sleep(0.4)")).scalar_one())


def backend_pid(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


@pytest.mark.requirement("9.7")
async def test_a_slow_query_is_logged_under_the_name_of_who_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SLOW_MS, "database_query", 0.0)
    database = Database("postgresql://u:p@127.0.0.1:1/vaani", pool_size=1)

    with pytest.raises(StoreUnavailable):
        await database.run(lambda connection: connection.info)
    with pytest.raises(StoreUnavailable):
        await database.run(functools.partial(read_one))
    await database.close()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    slow = [(line["component"], line["operation"]) for line in lines if line["message"] == "operation_slow"]
    here = "test_a_slow_query_is_logged_under_the_name_of_who_asked"
    assert slow == [("database_query", here), ("database_query", "read_one")]


def test_any_form_of_address_names_the_driver() -> None:
    assert driver_url("postgresql://u:p@h:1/d?sslmode=require").render_as_string(hide_password=False) == (
        "postgresql+pg8000://u:p@h:1/d"
    )


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.usefixtures("abandoned_sockets")
async def test_a_server_that_does_not_answer_is_given_up(silent_server: str) -> None:
    database = Database(silent_server, socket_timeout_seconds=0.2)
    started = time.monotonic()

    with pytest.raises(StoreUnavailable):
        await database.run(read_one)

    assert time.monotonic() - started < GIVEN_UP_WITHIN_SECONDS
    await database.close()


async def test_a_server_that_is_gone_is_unavailable_and_its_password_is_not_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    database = Database("postgresql://user:hunter2secret@127.0.0.1:1/vaani")

    with pytest.raises(StoreUnavailable) as refused:
        await database.run(read_one)

    assert "hunter2secret" not in f"{refused.value}{capsys.readouterr()}"
    await database.close()


@pytest.mark.integration
async def test_work_is_undone_when_it_fails(database: Database) -> None:
    def fail_after_writing(connection: Connection) -> None:
        connection.execute(text("INSERT INTO users (channel, user_id) VALUES ('whatsapp', 'asha')"))
        raise NotFound("something else")

    with pytest.raises(NotFound):
        await database.run(fail_after_writing)

    assert await database.run(lambda connection: connection.execute(text("SELECT count(*) FROM users")).scalar()) == 0


@pytest.mark.integration
async def test_a_refused_statement_is_unavailable_and_the_pool_goes_on(database: Database) -> None:
    with pytest.raises(StoreUnavailable):
        await database.run(lambda connection: connection.execute(text("SELECT 1/0")))

    assert await database.run(read_one) == 1


@pytest.mark.integration
@pytest.mark.requirement("10.6")
async def test_more_work_than_connections_waits_its_turn(database_url: str, postgres_admin: Engine) -> None:
    database = Database(database_url, pool_size=3)

    pids = await asyncio.gather(*(database.run(backend_pid) for _ in range(40)))

    assert 1 <= len(set(pids)) <= 3
    await database.close()


@pytest.mark.integration
async def test_a_connection_that_died_while_idle_is_replaced(database: Database, postgres_admin: Engine) -> None:
    pid = await database.run(backend_pid)
    with postgres_admin.connect() as connection:
        # Waits until it is gone, a minute at most.
        assert connection.execute(text(f"SELECT pg_terminate_backend({pid}, 60000)")).scalar_one()

    assert await database.run(read_one) == 1


@pytest.mark.integration
async def test_each_new_connection_asks_who_it_is(database_url: str) -> None:
    known = make_url(database_url)
    asked = []

    def credentials() -> tuple[str, str]:
        asked.append(1)
        return str(known.username), str(known.password)

    database = Database(
        known.set(username=None, password=None).render_as_string(), pool_size=1, credentials=credentials
    )

    assert await database.run(read_one) == 1
    assert await database.run(read_one) == 1
    assert asked == [1]
    await database.close()


@pytest.mark.integration
@pytest.mark.requirement("5.5")
async def test_connections_are_encrypted(database: Database) -> None:
    query = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")

    assert await database.run(lambda connection: connection.execute(query).scalar_one())


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.usefixtures("abandoned_sockets")
async def test_with_an_authority_an_unknown_certificate_is_refused(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local.self_signed import write_certificate

    write_certificate(tmp_path / "other.crt", tmp_path / "other.key")
    monkeypatch.setattr(engine_module, "POOL_TIMEOUT_SECONDS", 0.5)
    database = Database(database_url, ca_file=str(tmp_path / "other.crt"))

    with pytest.raises(StoreUnavailable):
        await database.run(read_one)

    await database.close()


async def test_the_pool_is_never_larger_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}

    def note(url: URL, **options: Any) -> Engine:
        made.update(options)
        return create_engine(url, **options)

    monkeypatch.setattr(engine_module, "create_engine", note)

    Database("postgresql://u:p@127.0.0.1/d", pool_size=20)

    assert (made["pool_size"], made["max_overflow"]) == (20, 0)


def address_and_user(url: str) -> tuple[str, tuple[str, str]]:
    parsed = make_url(url)
    bare = parsed.set(username=None, password=None).render_as_string()
    return bare, (parsed.username or "", parsed.password or "")


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.usefixtures("abandoned_sockets")
async def test_a_refused_user_is_asked_for_again(database_url: str, postgres_admin: Engine) -> None:
    url, known = address_and_user(database_url)
    with postgres_admin.connect() as connection:
        connection.execute(text("CREATE ROLE of_yesterday LOGIN PASSWORD 'gone'"))
        connection.execute(text("ALTER ROLE of_yesterday NOLOGIN"))
    asked: list[str] = []

    def renewed(*_refused: str) -> tuple[str, str]:
        asked.append("renewed")
        return known

    database = Database(url, pool_size=1, credentials=lambda: ("of_yesterday", "gone"), renewed_credentials=renewed)
    try:
        found = await database.run(read_one)
    finally:
        await database.close()
        with postgres_admin.connect() as connection:
            connection.execute(text("DROP ROLE of_yesterday"))

    assert found == 1
    assert asked == ["renewed"]


@pytest.mark.integration
async def test_an_accepted_user_is_not_asked_for_again(database_url: str) -> None:
    url, known = address_and_user(database_url)

    def renewed(*_refused: str) -> tuple[str, str]:
        raise AssertionError("nobody was refused")

    database = Database(url, pool_size=1, credentials=lambda: known, renewed_credentials=renewed)

    assert await database.run(read_one) == 1
    await database.close()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.usefixtures("abandoned_sockets")
async def test_a_silent_server_is_not_asked_twice(silent_server: str) -> None:
    def renewed(*_refused: str) -> tuple[str, str]:
        raise AssertionError("no user was refused")

    database = Database(
        silent_server, socket_timeout_seconds=0.2, credentials=lambda: ("u", "p"), renewed_credentials=renewed
    )

    with pytest.raises(StoreUnavailable):
        await database.run(read_one)

    await database.close()


@pytest.mark.integration
async def test_a_single_statement_needs_no_transaction_and_the_next_work_has_one(database_url: str) -> None:
    database = Database(database_url, pool_size=1)

    def add(connection: Connection) -> None:
        connection.execute(text("INSERT INTO users (channel, user_id) VALUES ('voice', 'asha')"))

    def add_and_fail(connection: Connection) -> None:
        connection.execute(text("INSERT INTO users (channel, user_id) VALUES ('voice', 'bela')"))
        raise NotFound("something else")

    await database.run_alone(add)
    with pytest.raises(NotFound):
        await database.run(add_and_fail)

    users = text("SELECT user_id FROM users")
    assert await database.run(lambda connection: connection.execute(users).scalars().all()) == ["asha"]
    await database.close()


@pytest.mark.integration
@pytest.mark.parametrize("way", ["run", "run_alone"])
async def test_after_an_answer_that_came_too_late_the_next_work_gets_its_own(database_url: str, way: str) -> None:
    database = Database(database_url, pool_size=1, socket_timeout_seconds=1)
    run = getattr(database, way)

    with pytest.raises(StoreUnavailable):
        await run(lambda connection: connection.execute(text("SELECT 2, pg_sleep(1.5)")).scalar_one())

    assert await run(read_one) == 1
    await database.close()


OUR_CONNECTIONS = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'vaani'")


@pytest.mark.integration
@pytest.mark.requirement("10.6")
async def test_under_overload_the_server_never_counts_more_than_twenty_and_everybody_is_answered(
    database_url: str, postgres_admin: Engine
) -> None:
    database = Database(database_url)
    counts: list[int] = []
    is_over = threading.Event()

    def keep_counting() -> None:
        with postgres_admin.connect() as connection:
            while not is_over.wait(0.005):
                counts.append(connection.execute(OUR_CONNECTIONS).scalar_one())

    async def ask() -> int | StoreUnavailable:
        try:
            return await database.run(read_one_slowly)
        except StoreUnavailable as refusal:
            return refusal

    counting = asyncio.create_task(asyncio.to_thread(keep_counting))
    answers = await asyncio.gather(*(ask() for _ in range(500)))
    served_afterwards = await asyncio.gather(*(database.run(read_one) for _ in range(100)))
    is_over.set()
    await counting
    await database.close()

    refused = [answer for answer in answers if isinstance(answer, StoreUnavailable)]
    assert len(refused) + answers.count(1) == 500
    assert answers.count(1) >= 20
    # As many as may not even wait, at the least.
    assert len(refused) >= 500 - 20 - MOST_WAITING
    assert {refusal.retry_after_seconds for refusal in refused} == {RETRY_AFTER_SECONDS}
    assert served_afterwards == [1] * 100
    assert max(counts) == 20


@pytest.mark.integration
async def test_work_whose_caller_left_keeps_its_place_until_it_is_done(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    has_begun, may_end = threading.Event(), threading.Event()

    def work(connection: Connection) -> int:
        has_begun.set()
        may_end.wait(10)
        return read_one(connection)

    left = asyncio.create_task(database.run(work))
    await asyncio.to_thread(has_begun.wait, 10)
    left.cancel()
    await asyncio.wait({left})
    next_in_line = asyncio.create_task(database.run(read_one))
    await asyncio.sleep(0)
    in_use = database.use_since_last_look()
    may_end.set()

    assert await next_in_line == 1
    assert (left.cancelled(), in_use) == (True, PoolUse(in_use=1, waiting=1))
    await database.close()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.usefixtures("abandoned_sockets")
@pytest.mark.requirement("10.6")
async def test_a_server_that_hangs_holds_the_pool_no_longer_than_its_time_limit(
    silent_server: str,
) -> None:
    database = Database(silent_server, pool_size=2, socket_timeout_seconds=0.2)

    outcomes = await asyncio.gather(*(database.run(read_one) for _ in range(12)), return_exceptions=True)

    # Two at a time hang for as long as a connection may; the others get their turn, and the pool is free again.
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    database.use_since_last_look()
    assert database.use_since_last_look() == PoolUse(in_use=0, waiting=0)
    await database.close()
