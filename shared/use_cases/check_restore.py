"""A backup is worth what comes back of it: restore tests are judged, and how far back a restore would throw us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from shared.domain.restore import DatabaseSurvey, FinishedRestore, RestoreJob, RestoreVerdict, compared_until, judge
from shared.errors import NotFound, StoreUnavailable
from shared.observability import count, logger
from shared.ports.backups import BackupService, DatabaseSurveyor, RestoredDatabases, RestoreTests

ATTEMPTS = 3
PAUSE_SECONDS = 10.0
# The restore test may pick a backup as old as this (see the plan's selection window), to which a day is added.
OLDEST_BACKUP = timedelta(days=8)
# Further back than the alarm looks, so that a test that is overdue is told from one that is not.
TESTS_LOOKED_AT = timedelta(days=40)


class CheckRestore:
    """Compares a restored database with the live one and tells the verdict."""

    def __init__(
        self,
        backups: BackupService,
        restored: RestoredDatabases,
        live: DatabaseSurveyor,
        pause: Callable[[float], Awaitable[None]],
        *,
        revisions: Sequence[str],
    ) -> None:
        """`revisions` are the versions of the schema that this release knows, oldest first."""
        self._backups = backups
        self._restored = restored
        self._live = live
        self._pause = pause
        self._revisions = revisions

    async def __call__(self, restore: FinishedRestore) -> RestoreVerdict:
        """Judge the restored database and report; done again, it comes to the same.

        A verdict that was reported stands: the provider begins to delete the restored database with it.

        Raises:
            NotFound: the provider knows no such restore.
            StoreUnavailable: the live database gave no answer; nothing was reported.
            ProviderUnavailable: nothing is known to have been reported.
        """
        job = await self._backups.restore_job(restore.job_id)
        verdict = job.verdict
        if verdict is None:
            verdict = await self._judge(restore, job)
            await self._backups.report(restore.job_id, verdict)
        count("restore_tests", outcome="whole" if verdict.is_whole else "broken")
        count("restore_succeeded", verdict.is_whole)
        count("restore_duration_seconds", (restore.finished_at - restore.began_at).total_seconds())
        logger.info("restore_checked", job_id=restore.job_id, is_whole=verdict.is_whole, found=verdict.message)
        return verdict

    async def _judge(self, restore: FinishedRestore, job: RestoreJob) -> RestoreVerdict:
        try:
            restored = await self._survey(restore, until=None)
            if restored.newest_at is not None:
                count("restored_newest_row_age_seconds", (restore.began_at - restored.newest_at).total_seconds())
            oldest_backup_at = restore.began_at - OLDEST_BACKUP
            until = compared_until(restored, oldest_backup_at=oldest_backup_at, backed_up_at=job.backed_up_at)
            restored = await self._survey(restore, until=until)
        except (NotFound, StoreUnavailable) as error:
            logger.exception("restored_database_unreadable", job_id=restore.job_id)
            return RestoreVerdict(is_whole=False, message=str(error))
        return judge(restored, await self._live.survey(until=until), revisions=self._revisions)

    async def _survey(self, restore: FinishedRestore, *, until: datetime | None) -> DatabaseSurvey:
        """A database that has just come up may need a moment until it lets anybody in."""
        address = await self._backups.restored_database(restore.resource_arn)
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._restored.survey(address, until=until)
            except StoreUnavailable:
                await self._pause(PAUSE_SECONDS)
        return await self._restored.survey(address, until=until)


class InspectRestored:
    """Says what stands in a database that an operator restored, before anything is pointed at it."""

    def __init__(self, backups: BackupService, restored: RestoredDatabases) -> None:
        self._backups = backups
        self._restored = restored

    async def __call__(self, database: str) -> DatabaseSurvey:
        """Count what is there; `database` is the instance's name, or its ARN.

        Raises:
            NotFound: there is no such database, or it does not listen yet.
            StoreUnavailable: it gave no answer, or no password fits.
            ProviderUnavailable: not known where it is.
        """
        return await self._restored.survey(await self._backups.restored_database(database))


class MeasureRestorableLag:
    """Records how much would be lost if the database had to be restored now."""

    def __init__(self, backups: BackupService, clock: Callable[[], datetime], *, database_id: str) -> None:
        self._backups = backups
        self._clock = clock
        self._database_id = database_id

    async def __call__(self) -> None:
        """Record the metric `restorable_lag_seconds`.

        Raises:
            NotFound: there is no such database, or it has no backups; the missing metric is what alarms.
            ProviderUnavailable: not known.
        """
        latest = await self._backups.latest_restorable_at(self._database_id)
        if latest is None:
            raise NotFound("The database has no backups.")
        lag_seconds = max(0.0, (self._clock() - latest).total_seconds())
        count("restorable_lag_seconds", lag_seconds)
        logger.info("restorable_lag_measured", lag_seconds=lag_seconds)


class MeasureRestoreTests:
    """Records how long ago a restore test last found a whole database."""

    def __init__(
        self, tests: RestoreTests, backups: BackupService, clock: Callable[[], datetime], *, database_id: str
    ) -> None:
        self._tests = tests
        self._backups = backups
        self._clock = clock
        self._database_id = database_id

    async def __call__(self) -> None:
        """Record the metric `restore_test_age_days`; of a database that was never tested, the age of the database.

        Raises:
            NotFound: there is no such database; the missing metric is what alarms.
            ProviderUnavailable: not known.
        """
        now = self._clock()
        since = now - TESTS_LOOKED_AT
        tested_at = await self._tests.last_success_at(since=since)
        if tested_at is None:
            tested_at = max(since, await self._backups.created_at(self._database_id))
        age_days = (now - tested_at) / timedelta(days=1)
        count("restore_test_age_days", age_days)
        logger.info("restore_test_age_measured", age_days=round(age_days, 2))
