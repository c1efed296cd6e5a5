"""Backups of the database, and what is known about a restored one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.restore import DatabaseSurvey, RestoreJob, RestoreVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAddress:
    """Where a database listens."""

    host: str
    port: int


class BackupService(Protocol):
    """What the provider knows about backups and restores."""

    async def restored_database(self, resource_arn: str) -> DatabaseAddress:
        """Where the restored database listens.

        Raises:
            NotFound: there is no such database, or it does not listen.
            ProviderUnavailable: no answer within the adapter's timeout.
        """

    async def restore_job(self, job_id: str) -> RestoreJob:
        """What is known about a restore.

        Raises:
            NotFound: there is no such job.
            ProviderUnavailable: no answer within the adapter's timeout.
        """

    async def report(self, job_id: str, verdict: RestoreVerdict) -> None:
        """Tell the verdict about a restore test; one that was told already is left as it is.

        Raises:
            ProviderUnavailable: nothing is known to have happened; doing it again is safe.
        """

    async def latest_restorable_at(self, database_id: str) -> datetime | None:
        """The latest moment to which the database can be restored; None when it has no backups.

        Raises:
            NotFound: there is no such database.
            ProviderUnavailable: no answer within the adapter's timeout.
        """

    async def created_at(self, database_id: str) -> datetime:
        """When the database was created.

        Raises:
            NotFound: there is no such database.
            ProviderUnavailable: no answer within the adapter's timeout.
        """


class RestoreTests(Protocol):
    """What became of the restore tests of the last weeks."""

    async def last_success_at(self, *, since: datetime) -> datetime | None:
        """When a test last found a whole database, to the hour; None when none did since then.

        Raises:
            ProviderUnavailable: no answer within the adapter's timeout.
        """


class DatabaseSurveyor(Protocol):
    """Counts what stands in a database."""

    async def survey(self, *, until: datetime | None = None) -> DatabaseSurvey:
        """Count all rows, or those stored until then; `newest_at` looks at all.

        Raises:
            StoreUnavailable: no answer in time, or nobody may sign in.
        """


class RestoredDatabases(Protocol):
    """Opens restored databases."""

    async def survey(self, address: DatabaseAddress, *, until: datetime | None = None) -> DatabaseSurvey:
        """See `DatabaseSurveyor.survey`; tries every password that may have been in use when the backup was made.

        Raises:
            StoreUnavailable: no answer in time, or none of the passwords fits.
        """
