"""pg8000 with fewer trips: its protocol and its types, but one message and one answer for each statement.

pg8000 waits for the server after parsing a statement, after describing it and after running it. On a busy event loop's
threads every wait costs more than the statement itself, because it has to win the interpreter back.
"""

# ruff: noqa: SLF001 - it extends pg8000 from within.

from __future__ import annotations

import math
import select
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pg8000 import core, dbapi
from pg8000.converters import make_params

_UNNAMED = core.NULL_BYTE
_NONE = core.H_pack(0)
_NO_VALUE = core.i_pack(-1)
# Statements are few; only the length of a list of values makes a new one.
_KNOWN_STATEMENTS = 512
# After so long without a word, a dead network may have swallowed the server's farewell.
_SURELY_ALIVE_SECONDS = 5.0


class Connection(dbapi.Connection):  # type: ignore[misc] # pg8000 has no types
    """A connection on which a statement costs one trip, and beginning a transaction none."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._unsent = b""
        super().__init__(*args, **options)
        self._heard_at = time.monotonic()

    def cursor(self) -> Cursor:
        """A cursor of ours."""
        return Cursor(self)

    def run_one(self, statement: str, values: Sequence[Any], *, is_awaited: bool) -> Any:
        """Run a statement, which begins a transaction if there is none; one that is not awaited leaves with the next.

        All that leaves in one message is closed by a single Sync. So no statement needs anything of what the server
        remembers between two Syncs, and a proxy that shares its connections may do so after every one. Of a message,
        the server skips everything behind a failure. Source: PostgreSQL documentation, "Message Flow", "Pipelining".

        Raises:
            DatabaseError: this statement failed, or one that was not awaited.
            InterfaceError: the connection is lost.
        """
        if not self._unsent and not self._in_transaction and not self.autocommit:
            self._unsent = _BEGIN
        texts = make_params(self.py_types, values)
        encoded = [None if text is None else text.encode(self._client_encoding) for text in texts]
        self._unsent += _question(statement.encode(self._client_encoding), encoded)
        context = core.Context(statement)
        if is_awaited or self.autocommit:
            self._send(context)
        return context

    def commit(self) -> None:
        """End the transaction, if there is one; what was not awaited leaves with it, and is kept or fails with it."""
        if self._unsent or self._in_transaction:
            self._unsent += _COMMIT
            self._send(core.Context("commit"))

    def rollback(self) -> None:
        """Undo the transaction, if there is one."""
        self._unsent = b""
        if self._in_transaction:
            self.execute_simple("rollback")

    def is_alive(self) -> bool:
        """Whether the server still listens; it is asked only if it said something, or nothing for a while."""
        try:
            if self._has_unread() or time.monotonic() - self._heard_at >= _SURELY_ALIVE_SECONDS:
                self.execute_simple(";")
        except (core.InterfaceError, core.DatabaseError, OSError, ValueError):
            # The last one: its socket is closed.
            return False
        return True

    def handle_messages(self, context: Any) -> None:
        """Read the answer."""
        super().handle_messages(context)
        self._heard_at = time.monotonic()

    def handle_COMMAND_COMPLETE(self, data: bytes, context: Any) -> None:  # noqa: N802 - the name is pg8000's
        """Note how many rows the statement changed; of several in one message, the last one counts."""
        context.row_count = -1
        super().handle_COMMAND_COMPLETE(data, context)

    def _send(self, context: Any) -> None:
        message, self._unsent = self._unsent + core.SYNC_MSG, b""
        # Whoever gives up waiting for the answer leaves a connection that must not be trusted.
        self._heard_at = -math.inf
        core._write(self._sock, message)
        core._flush(self._sock)
        self.handle_messages(context)

    def _has_unread(self) -> bool:
        """Whether the server sent something unasked: a farewell, most likely."""
        poll = select.poll()
        poll.register(self._usock, select.POLLIN)
        return bool(poll.poll(0))


class Cursor(dbapi.Cursor):  # type: ignore[misc] # pg8000 has no types
    """Runs a statement; the first one of a transaction begins it."""

    def execute(self, operation: str, args: Sequence[Any] = (), *, is_awaited: bool = True) -> Cursor:
        """Run the statement, in which `%s` stands for each of `args`; unless awaited it must give no rows."""
        connection = self._c
        if connection is None:
            raise core.InterfaceError("Cursor closed")
        if connection._sock is None:
            raise core.InterfaceError("connection is closed")
        statement = _numbered(operation) if args else operation
        self._context = connection.run_one(statement, args, is_awaited=is_awaited)
        rows = self._context.rows
        self._row_iter = None if rows is None else iter(rows)
        return self


@lru_cache(maxsize=_KNOWN_STATEMENTS)
def _numbered(operation: str) -> str:
    """The statement with the placeholders that the server knows; found letter by letter, hence remembered."""
    statement: str = dbapi.convert_paramstyle("format", operation, ())[0]
    return statement


def _question(statement: bytes, values: Sequence[bytes | None]) -> bytes:
    """The messages Parse, Bind, Describe and Execute of an unnamed statement; all types are left to the server."""
    bound = b"".join(_NO_VALUE if value is None else core.i_pack(len(value)) + value for value in values)
    return b"".join(
        (
            core._create_message(core.PARSE, _UNNAMED + statement + core.NULL_BYTE + _NONE),
            core._create_message(core.BIND, _UNNAMED * 2 + _NONE + core.H_pack(len(values)) + bound + _NONE),
            core._create_message(core.DESCRIBE, core.PORTAL + _UNNAMED),
            core.EXECUTE_MSG,
        )
    )


_BEGIN = _question(b"begin transaction", ())
_COMMIT = _question(b"commit", ())
