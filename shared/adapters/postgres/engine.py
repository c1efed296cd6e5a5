"""The connection pool: bounded, with a time limit on everything, and one translation of its failures."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from pg8000.exceptions import DatabaseError
from sqlalchemy import URL, Connection, Engine, ExecutionContext, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, SQLAlchemyError

from shared import tracing
from shared.adapters.postgres import driver
from shared.adapters.postgres.turnstile import PoolUse, Turnstile
from shared.errors import StoreUnavailable
from shared.observability import logger, timed

Result = TypeVar("Result")
Credentials = Callable[[], tuple[str, str]]
"""Gives the user and the password of a new connection, so that rotated ones are picked up without a restart."""
RenewedCredentials = Callable[[str, str], tuple[str, str]]
"""The same after this user and password were refused."""

SOCKET_TIMEOUT_SECONDS = 5.0
# Never waited for: whoever has a thread finds a connection, or may open one.
POOL_TIMEOUT_SECONDS = 2.0
# Younger than any idle limit on the way: RDS Proxy closes idle client connections after 30 minutes.
RECYCLE_SECONDS = 600
_NETWORK_FAILURE = (OSError, SQLAlchemyError)
# The class of PostgreSQL's codes for users and passwords that are not accepted.
_SIGN_IN_REFUSED = "28"


class Database:
    """Runs blocking work in a transaction of its own, on a thread, with a connection from the pool.

    A statement with the execution option `is_awaited=False` leaves with the next one, or with the end of the
    transaction: for changes of which nothing is wanted back. What it fails of, the next one fails of.

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
        renewed_credentials: RenewedCredentials | None = None,
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
        # As many threads as connections: work waits in front of the turnstile, not in a thread for a connection.
        self._executor = ThreadPoolExecutor(max_workers=pool_size, thread_name_prefix="postgres")
        self._turnstile = Turnstile(pool_size)

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run the work in one transaction and return what it returns; whatever it raises rolls back.

        Raises:
            StoreUnavailable: too much other work, no connection, no answer in time, or the server gave up; the
                transaction is undone unless only its confirmation was lost.
        """
        return await self._on_a_thread(self._in_transaction, work)

    async def run_alone(self, work: Callable[[Connection], Result]) -> Result:
        """Run work that is a single statement; it needs no transaction around it, so it takes one trip.

        Raises:
            StoreUnavailable: as in `run`.
        """
        return await self._on_a_thread(self._without_transaction, work)

    def use_since_last_look(self) -> PoolUse:
        """How busy the pool was since this was asked last."""
        return self._turnstile.use_since_last_look()

    async def close(self) -> None:
        """Let go of all connections and threads."""
        await asyncio.to_thread(self._executor.shutdown)
        await asyncio.to_thread(self._engine.dispose)

    async def _on_a_thread(
        self, way: Callable[[Callable[[Connection], Result]], Result], work: Callable[[Connection], Result]
    ) -> Result:
        context = contextvars.copy_context()
        call = functools.partial(context.run, way, work)
        await self._turnstile.enter()
        operation = _name_of(work)
        with timed("database_query", operation=operation), tracing.part("database", kind="client", operation=operation):
            try:
                working = self._executor.submit(call)
            except RuntimeError:  # The pool was closed meanwhile.
                self._turnstile.leave()
                raise
            # Whoever is cancelled stops waiting; the work goes on, and keeps its place until it is done.
            working.add_done_callback(lambda _: self._turnstile.leave())
            return await asyncio.wrap_future(working)

    def _in_transaction(self, work: Callable[[Connection], Result]) -> Result:
        with _translated(), self._engine.begin() as connection:
            return work(connection)

    def _without_transaction(self, work: Callable[[Connection], Result]) -> Result:
        with _translated(), self._engine.connect() as connection:
            # Not by SQLAlchemy's option, which sets the session back afterwards: that costs trips and pins a proxy.
            raw = connection.connection.dbapi_connection
            assert isinstance(raw, driver.Connection)
            raw.autocommit = True
            try:
                return work(connection)
            finally:
                raw.autocommit = False


def _name_of(work: Callable[[Connection], Any]) -> str:
    """Which method of which adapter wants it; the rest of a local function's name says nothing."""
    function = getattr(work, "func", work)
    return str(getattr(function, "__qualname__", "")).partition(".<locals>")[0]


def make_engine(
    url: str,
    *,
    pool_size: int,
    ca_file: str | None,
    credentials: Credentials | None,
    renewed_credentials: RenewedCredentials | None = None,
    socket_timeout_seconds: float | None,
) -> Engine:
    """An engine over pg8000.

    With `ca_file` the server's certificate and name are verified; without, TLS is offered and nothing is verified.
    """
    known = driver_url(url)
    arguments: dict[str, Any] = {
        **known.translate_connect_args(username="user"),
        "timeout": socket_timeout_seconds,
        "application_name": "vaani",
    }
    if ca_file is not None:
        arguments["ssl_context"] = ssl.create_default_context(cafile=ca_file)
    engine = create_engine(
        known,
        creator=functools.partial(_connect, arguments, credentials, renewed_credentials),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_events=[(_replace_if_dead, "checkout")],
        pool_recycle=RECYCLE_SECONDS,
        pool_use_lifo=True,
        hide_parameters=True,
    )
    event.listen(engine, "do_execute", _send_later)
    return engine


def driver_url(url: str) -> URL:
    """The address in SQLAlchemy's form, whether or not it names the driver; libpq's query options are dropped."""
    return make_url(url).set(drivername="postgresql+pg8000", query={})


def _connect(
    arguments: dict[str, Any], credentials: Credentials | None, renewed: RenewedCredentials | None
) -> driver.Connection:
    if credentials is None:
        return driver.Connection(**arguments)
    user, password = credentials()
    try:
        return driver.Connection(**{**arguments, "user": user, "password": password})
    except DatabaseError as error:
        if renewed is None or not _code(error).startswith(_SIGN_IN_REFUSED):
            raise
    logger.info("database_sign_in_renewed")
    user, password = renewed(user, password)
    return driver.Connection(**{**arguments, "user": user, "password": password})


def _send_later(
    cursor: DBAPICursor, statement: str, parameters: Sequence[Any], context: ExecutionContext
) -> bool | None:
    """Send the statement our way if it need not be awaited; None leaves it to SQLAlchemy."""
    if context.execution_options.get("is_awaited", True):
        return None
    assert isinstance(cursor, driver.Cursor)
    cursor.execute(statement, parameters, is_awaited=False)
    return True


def _replace_if_dead(connection: driver.Connection, _record: object, _proxy: object) -> None:
    if not connection.is_alive():
        # One that died is not the only one: a failover ends them all.
        raise InvalidatePoolError


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _NETWORK_FAILURE as error:
        logger.warning("database_unavailable", cause=_cause(error))
        raise StoreUnavailable("The database gave no answer.") from error


def _cause(error: BaseException) -> str:
    """The kind of failure and PostgreSQL's own code, never its text, which may quote data."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return f"{type(original or error).__name__} {_code(original)}".strip()


def _code(error: BaseException | None) -> str:
    details = error.args[0] if error is not None and error.args else None
    code = details.get("C") if isinstance(details, dict) else None
    return str(code or "")
