"""Brings a database to the newest schema; safe to run at any time, by any number of deployments at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from shared.adapters.postgres.engine import Credentials, make_engine
from shared.adapters.postgres.revisions import MIGRATIONS, revisions
from shared.observability import logger

# Any number will do, as long as nothing else in this database locks it.
_LOCK = 7_223_847_011
_ASK_AGAIN_SECONDS = 0.2


def upgrade(database_url: str, *, ca_file: str | None = None, credentials: Credentials | None = None) -> str:
    """Run the migrations that are missing, one at a time in the whole database, and return the revision reached.

    A database that a newer release migrated stays as it is: this release is on its way back in, and migrations only
    expand, so that the release before them works too.

    Raises:
        SQLAlchemyError: a migration failed; it left nothing behind, the ones before it stay.
    """
    # One connection holds the lock, another one migrates: a migration may need to commit half-way.
    engine = make_engine(
        database_url, pool_size=2, ca_file=ca_file, credentials=credentials, socket_timeout_seconds=None
    )
    try:
        with engine.connect() as keeper, _locked(keeper), engine.connect() as connection:
            # The limits of everyday statements do not hold for migrations.
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
            connection.commit()
            configuration = _configuration(connection)
            reached = MigrationContext.configure(connection).get_current_revision()
            if reached is not None and reached not in revisions():
                logger.warning("database_is_newer", revision=reached)
                return reached
            connection.rollback()
            command.upgrade(configuration, "head")
            return MigrationContext.configure(connection).get_current_revision() or ""
    finally:
        engine.dispose()


@contextmanager
def _locked(connection: Connection) -> Iterator[None]:
    connection = connection.execution_options(isolation_level="AUTOCOMMIT")
    connection.execute(text("SET statement_timeout = 0"))
    # Asked again and again: a statement that waits would be waited for by an index that is built concurrently, which
    # is what holds the lock.
    while not connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}).scalar_one():
        time.sleep(_ASK_AGAIN_SECONDS)
    try:
        yield
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})


def _configuration(connection: Connection) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    configuration.attributes["connection"] = connection
    return configuration
