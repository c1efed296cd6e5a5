"""Whether a database that was restored from a backup is whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

# A row may carry an earlier time than one that was committed before it, by as long as a transaction may take.
TRANSACTION_MARGIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSurvey:
    """What stands in a database.

    Attributes:
        schema_version: the newest migration; None when there are no tables of ours.
        rows: how many rows each table holds.
        newest_at: when the newest row was stored; None when nothing ever was.
    """

    schema_version: str | None
    rows: Mapping[str, int]
    newest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreVerdict:
    """Whether the restored database is whole, and why; the text holds counts, never content."""

    is_whole: bool
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRestore:
    """A restore test that has come to its end."""

    job_id: str
    resource_arn: str
    began_at: datetime
    finished_at: datetime


def compared_until(restored: DatabaseSurvey, *, oldest_backup_at: datetime) -> datetime:
    """Up to when the restored database and the live one must hold the same."""
    return oldest_backup_at if restored.newest_at is None else restored.newest_at - TRANSACTION_MARGIN


def judge(restored: DatabaseSurvey, live: DatabaseSurvey) -> RestoreVerdict:
    """Compare two surveys up to the same moment; the restored database may hold more, as rows are deleted in time."""
    if restored.schema_version is None:
        return RestoreVerdict(is_whole=False, message="The restored database has no schema.")
    found = ", ".join(f"{table} {count}" for table, count in sorted(restored.rows.items()))
    missing = {
        table: count - restored.rows.get(table, 0)
        for table, count in sorted(live.rows.items())
        if restored.rows.get(table, 0) < count
    }
    if missing:
        lost = ", ".join(f"{count} of {table}" for table, count in missing.items())
        return RestoreVerdict(is_whole=False, message=f"Rows are missing: {lost}. Found: {found}.")
    return RestoreVerdict(is_whole=True, message=f"Schema {restored.schema_version}; rows: {found}.")
