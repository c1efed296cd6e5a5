"""Migrations on a real and empty database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from shared.adapters.postgres.engine import make_engine
from shared.adapters.postgres.migrate import upgrade
from shared.adapters.postgres.schema import metadata

pytestmark = pytest.mark.integration


def engine_of(url: str) -> Engine:
    return make_engine(url, pool_size=1, ca_file=None, credentials=None, socket_timeout_seconds=10)


def test_the_migrations_lead_to_the_tables_that_the_queries_see(empty_database_url: str) -> None:
    upgrade(empty_database_url)

    engine = engine_of(empty_database_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert differences == []


def test_deployments_at_once_do_not_get_in_each_others_way(empty_database_url: str) -> None:
    with ThreadPoolExecutor(max_workers=4) as executor:
        revisions = list(executor.map(upgrade, [empty_database_url] * 4))

    assert len(set(revisions)) == 1
    assert revisions[0]


def test_an_index_whose_building_broke_off_is_built_when_the_migration_runs_again(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    broken = "CREATE UNIQUE INDEX CONCURRENTLY calls_state_time ON users (channel)"
    is_valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'calls_state_time'::regclass"
    engine = engine_of(empty_database_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("INSERT INTO users (channel, user_id) VALUES ('voice', 'a'), ('voice', 'b')"))
        connection.execute(text("DROP INDEX calls_state_time"))
        with pytest.raises(DBAPIError):
            connection.execute(text(broken))
        left_behind = connection.execute(text(is_valid)).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = '0007'"))

    upgrade(empty_database_url)

    with engine.connect() as connection:
        rebuilt = connection.execute(text(is_valid)).scalar_one()
    engine.dispose()
    assert (left_behind, rebuilt) == (False, True)


def test_everyday_statements_have_a_limit(empty_database_url: str) -> None:
    upgrade(empty_database_url)

    engine = engine_of(empty_database_url)
    with engine.connect() as connection:
        limits = [
            connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
    engine.dispose()
    assert "0" not in limits


@pytest.mark.requirement("10.4")
@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("user_id = 'u7'", "conversations_user_time"),
        ("channel = 'voice'", "conversations_channel_time"),
        ("agent_id = 'a3'", "conversations_agent_time"),
        ("true", "conversations_time"),
        ("channel = 'voice' AND user_id = 'u7'", "conversations_channel_user_time"),
    ],
)
def test_lists_of_conversations_are_read_from_an_index(empty_database_url: str, condition: str, index: str) -> None:
    upgrade(empty_database_url)
    rows = """
        INSERT INTO conversations (id, channel, user_id, status, agent_id, started_at, last_message_at)
        SELECT gen_random_uuid(), CASE WHEN n % 50 = 0 THEN 'voice' ELSE 'whatsapp' END, 'u' || n % 500, 'open',
               'a' || n % 40, now(), now() - n * interval '1 minute'
        FROM generate_series(1, 20000) AS n
    """
    page = f"SELECT * FROM conversations WHERE {condition} ORDER BY last_message_at DESC, id DESC LIMIT 20"  # noqa: S608

    engine = engine_of(empty_database_url)
    with engine.connect() as connection:
        connection.execute(text(rows))
        connection.execute(text("ANALYZE conversations"))
        plan = "\n".join(connection.execute(text(f"EXPLAIN {page}")).scalars())
    engine.dispose()

    assert index in plan
    assert "Sort" not in plan


def test_a_database_of_a_newer_release_is_left_alone(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    engine = engine_of(empty_database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_of_tomorrow'"))
    engine.dispose()

    assert upgrade(empty_database_url) == "9999_of_tomorrow"
