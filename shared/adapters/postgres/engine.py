"""The connection pool: bounded, with a time limit on everything, and one translation of its failures."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from shared.errors import StoreUnavailable
from shared.observability import logger, timed

Result = TypeVar("Result")
Credentials = Callable[[], tuple[str, str]]
"""Gives the user and the password of a new connection, so that rotated ones are picked up without a restart."""

SOCKET_TIMEOUT_SECONDS = 5.0
POOL_TIMEOUT_SECONDS = 2.0
# Younger than any idle limit on the way: RDS Proxy closes idle client connections after 30 minutes.
RECYCLE_SECONDS = 600
_NETWORK_FAILURE = (OSError, SQLAlchemyError)
# The class of PostgreSQL's codes for users and passwords that are not accepted.
_SIGN_IN_REFUSED = "28"


class Database:
    """Runs blocking work in a transaction of its own, on a thread, with a connection from the pool.

    A connection that died while idle is replaced before it is used. There is no session-level SET, because RDS Proxy
    would pin the connection; the statement limits are properties of the database, set by the migrations.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 20,
        ca_file: str | None = None,
        credentials: Credentials | None = None,
        renewed_credentials: Credentials | None = None,
        socket_timeout_seconds: float = SOCKET_TIMEOUT_SECONDS,
    ) -> None:
        """`renewed_credentials` are asked once for every connection whose `credentials` were refused."""
        self._engine = make_engine(
            url,
            pool_size=pool_size,
            ca_file=ca_file,
            credentials=credentials,
            renewed_credentials=renewed_credentials,
            socket_timeout_seconds=socket_timeout_seconds,
        )
        # As many threads as connections: work waits for a thread, not in a thread for a connection.
        self._executor = ThreadPoolExecutor(max_workers=pool_size, thread_name_prefix="postgres")

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run the work in one transaction and return what it returns; whatever it raises rolls back.

        Raises:
            StoreUnavailable: no connection, no answer in time, or the server gave up; the transaction is undone
                unless only its confirmation was lost.
        """
        context = contextvars.copy_context()
        call = functools.partial(context.run, self._in_transaction, work)
        with timed("database_query"):
            return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    async def close(self) -> None:
        """Let go of all connections and threads."""
        await asyncio.to_thread(self._executor.shutdown)
        await asyncio.to_thread(self._engine.dispose)

    def _in_transaction(self, work: Callable[[Connection], Result]) -> Result:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except _NETWORK_FAILURE as error:
            logger.warning("database_unavailable", cause=_cause(error))
            raise StoreUnavailable("The database gave no answer.") from error


def make_engine(
    url: str,
    *,
    pool_size: int,
    ca_file: str | None,
    credentials: Credentials | None,
    renewed_credentials: Credentials | None = None,
    socket_timeout_seconds: float | None,
) -> Engine:
    """An engine over pg8000.

    With `ca_file` the server's certificate and name are verified; without, TLS is offered and nothing is verified.
    """
    arguments: dict[str, Any] = {"timeout": socket_timeout_seconds, "application_name": "vaani"}
    if ca_file is not None:
        arguments["ssl_context"] = ssl.create_default_context(cafile=ca_file)
    engine = create_engine(
        driver_url(url),
        connect_args=arguments,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_pre_ping=True,
        pool_recycle=RECYCLE_SECONDS,
        pool_use_lifo=True,
        hide_parameters=True,
    )
    if credentials is not None:
        _ask_for_credentials(engine, credentials, renewed_credentials)
    return engine


def driver_url(url: str) -> URL:
    """The address in SQLAlchemy's form, whether or not it names the driver; libpq's query options are dropped."""
    return make_url(url).set(drivername="postgresql+pg8000", query={})


def _ask_for_credentials(engine: Engine, credentials: Credentials, renewed: Credentials | None) -> None:
    @event.listens_for(engine, "do_connect")
    def sign_in(
        dialect: Dialect, _record: object, arguments: tuple[Any, ...], parameters: dict[str, Any]
    ) -> DBAPIConnection | None:
        parameters["user"], parameters["password"] = credentials()
        if renewed is None:
            return None
        try:
            return dialect.connect(*arguments, **parameters)
        except dialect.loaded_dbapi.Error as error:
            if not _code(error).startswith(_SIGN_IN_REFUSED):
                raise
        logger.info("database_sign_in_renewed")
        parameters["user"], parameters["password"] = renewed()
        return None


def _cause(error: BaseException) -> str:
    """The kind of failure and PostgreSQL's own code, never its text, which may quote data."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return f"{type(original or error).__name__} {_code(original)}".strip()


def _code(error: BaseException | None) -> str:
    details = error.args[0] if error is not None and error.args else None
    code = details.get("C") if isinstance(details, dict) else None
    return str(code or "")
