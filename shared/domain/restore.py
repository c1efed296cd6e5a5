"""Whether a database that was restored from a backup is whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# A row may carry an earlier time than one that was committed before it, by as long as a transaction may take.
TRANSACTION_MARGIN = timedelta(minutes=1)
# Of what was stored so long before the backup began nothing may be missing, whatever the provider calls its beginning.
BACKUP_MARGIN = timedelta(hours=1)
# Rows of these tables do not say when they came: those that were added since the backup are no fault.
_UNDATED = frozenset({"agents"})


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreJob:
    """What the provider knows about a restore.

    Attributes:
        backed_up_at: when the backup was made that it restored; None when that is not known.
        verdict: the one that was reported about it; None while there is none.
    """

    backed_up_at: datetime | None = None
    verdict: RestoreVerdict | None = None


def compared_until(restored: DatabaseSurvey, *, oldest_backup_at: datetime, backed_up_at: datetime | None) -> datetime:
    """Up to when the restored database and the live one must hold the same.

    `oldest_backup_at` counts where neither the newest row nor the provider says how old the backup is.
    """
    known = []
    if restored.newest_at is not None:
        known.append(restored.newest_at - TRANSACTION_MARGIN)
    if backed_up_at is not None:
        known.append(backed_up_at - BACKUP_MARGIN)
    return max(known, default=oldest_backup_at)


def judge(restored: DatabaseSurvey, live: DatabaseSurvey, *, revisions: Sequence[str]) -> RestoreVerdict:
    """Compare two surveys up to the same moment; the restored database may hold more, as rows are deleted in time.

    `revisions` are the versions of the schema that this release knows, oldest first.
    """
    if (fault := _fault_of_schema(restored.schema_version, live.schema_version, revisions)) is not None:
        return RestoreVerdict(is_whole=False, message=fault)
    found = ", ".join(f"{table} {count}" for table, count in sorted(restored.rows.items()))
    missing = {
        table: count - restored.rows.get(table, 0)
        for table, count in sorted(live.rows.items())
        if _is_too_few(table, restored.rows.get(table, 0), count)
    }
    if missing:
        lost = ", ".join(f"{count} of {table}" for table, count in missing.items())
        return RestoreVerdict(is_whole=False, message=f"Rows are missing: {lost}. Found: {found}.")
    return RestoreVerdict(is_whole=True, message=f"Schema {restored.schema_version}; rows: {found}.")


def _fault_of_schema(restored: str | None, live: str | None, revisions: Sequence[str]) -> str | None:
    """A backup may be older than the newest migration, which the next deployment runs; it is never newer."""
    if restored is None:
        return "The restored database has no schema."
    if restored == live:
        return None
    if restored not in revisions:
        return (
            f"The restored database has schema {restored}, which this release does not know; the live one has {live}."
        )
    if live in revisions and revisions.index(restored) > revisions.index(live):
        return f"The restored database has schema {restored}, which is newer than the live one's, {live}."
    return None


def _is_too_few(table: str, restored: int, live: int) -> bool:
    return restored == 0 < live if table in _UNDATED else restored < live
