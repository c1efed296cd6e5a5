"""DatabaseSurveyor and RestoredDatabases over PostgreSQL: counts rows, reads no content."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.schema import agents, calls, messages, users
from shared.domain.restore import DatabaseSurvey
from shared.errors import StoreUnavailable
from shared.observability import logger
from shared.ports.backups import DatabaseAddress

# Counting a year of messages takes longer than everyday statements may.
SURVEY_SECONDS = 60
_STORED_AT = {"calls": calls.c.started_at, "messages": messages.c.stored_at, "users": users.c.first_seen_at}


class PostgresSurveyor:
    """Implements `DatabaseSurveyor`; the database's socket timeout must allow for `SURVEY_SECONDS`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def survey(self, *, until: datetime | None = None) -> DatabaseSurvey:
        """See `DatabaseSurveyor.survey`."""
        return await self._database.run(lambda connection: _survey(connection, until))


class PostgresRestoredDatabases:
    """Implements `RestoredDatabases`."""

    def __init__(
        self,
        name: str,
        sign_ins: Callable[[], Awaitable[Sequence[tuple[str, str]]]],
        *,
        ca_file: str | None = None,
    ) -> None:
        """`name` is the database's name on its server."""
        self._name = name
        self._sign_ins = sign_ins
        self._ca_file = ca_file

    async def survey(self, address: DatabaseAddress, *, until: datetime | None = None) -> DatabaseSurvey:
        """See `RestoredDatabases.survey`."""
        sign_ins = await self._sign_ins()
        for sign_in in sign_ins:
            database = Database(
                f"postgresql://{address.host}:{address.port}/{self._name}",
                pool_size=1,
                ca_file=self._ca_file,
                credentials=lambda sign_in=sign_in: sign_in,  # type: ignore[misc] # bound per turn of the loop
                socket_timeout_seconds=SURVEY_SECONDS + 5,
            )
            try:
                return await PostgresSurveyor(database).survey(until=until)
            except StoreUnavailable:
                logger.info("restored_database_not_entered", username=sign_in[0])
            finally:
                await database.close()
        raise StoreUnavailable(
            f"None of the {len(sign_ins)} passwords that the secret still holds opens the restored database. "
            "See whether its security group admits this function; if the secret was rotated twice since the backup, "
            "sign in as the master and set the user's password."
        )


def _survey(connection: Connection, until: datetime | None) -> DatabaseSurvey:
    connection.execute(text(f"SET LOCAL statement_timeout = '{SURVEY_SECONDS}s'"))
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
        return DatabaseSurvey(schema_version=None, rows={})
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    rows = {"agents": connection.execute(select(func.count()).select_from(agents)).scalar_one()}
    newest = []
    for table, stored_at in _STORED_AT.items():
        counted = select(func.count()).where(stored_at <= until) if until else select(func.count(stored_at))
        rows[table] = connection.execute(counted).scalar_one()
        newest.append(connection.execute(select(func.max(stored_at))).scalar_one())
    found = [at for at in newest if at is not None]
    return DatabaseSurvey(schema_version=version, rows=rows, newest_at=max(found, default=None))
