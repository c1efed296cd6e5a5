"""Rows with an id and a version: changed only in the version that the caller read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from shared import errors


def read_row(connection: Connection, table: Table, row_id: str) -> RowMapping:
    """The row.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute(select(table).where(table.c.id == row_id)).mappings().first()
    if row is None:
        raise errors.NotFound("There is no such entry.")
    return row


def add_row(connection: Connection, table: Table, values: dict[str, Any], most: int) -> RowMapping:
    """The new row, in version 1.

    Raises:
        VersionConflict: there is one of this id.
        InvalidContent: there are as many as may be.
    """
    statement = insert_or_leave(table).values({**values, "version": 1}).on_conflict_do_nothing().returning(table)
    row = connection.execute(statement).mappings().first()
    if row is None:
        raise errors.VersionConflict("There is an entry of this id already.")
    # Counted afterwards: the new row made the catalogue's revision grow, and whoever else adds one waits for that.
    if connection.execute(select(func.count()).select_from(table)).scalar_one() > most:
        raise errors.Inapplicable(f"There are {most} already; remove one before you add another.")
    return row


def replace_row(connection: Connection, table: Table, values: dict[str, Any], version: int) -> RowMapping:
    """The changed row, in the next version.

    Raises:
        NotFound: there is none.
        VersionConflict: it has another version.
    """
    changed = {**values, "version": table.c.version + 1, "updated_at": func.clock_timestamp()}
    statement = update(table).where(table.c.id == values["id"], table.c.version == version).values(changed)
    row = connection.execute(statement.returning(table)).mappings().first()
    return row or _refuse(connection, table, values["id"])


def remove_row(connection: Connection, table: Table, row_id: str, version: int) -> None:
    """Remove the row; refused as in `replace_row`."""
    statement = delete(table).where(table.c.id == row_id, table.c.version == version).returning(table.c.id)
    if connection.execute(statement).first() is None:
        _refuse(connection, table, row_id)


def _refuse(connection: Connection, table: Table, row_id: str) -> RowMapping:
    """Say why nothing was changed: the row is missing, or it has another version."""
    current = read_row(connection, table, row_id)
    raise errors.VersionConflict(
        "Somebody else changed it since; read it again.", details={"current_version": current["version"]}
    )
