"""A backup is worth what comes back of it: restore tests are judged, and how far back a restore would throw us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from shared.domain.restore import DatabaseSurvey, FinishedRestore, RestoreVerdict, compared_until, judge
from shared.errors import NotFound, StoreUnavailable
from shared.observability import count, logger
from shared.ports.backups import BackupService, DatabaseSurveyor, RestoredDatabases

ATTEMPTS = 3
PAUSE_SECONDS = 10.0
# The restore test may pick a backup as old as this (see the plan's selection window), to which a day is added.
OLDEST_BACKUP = timedelta(days=8)


class CheckRestore:
    """Compares a restored database with the live one and tells the verdict."""

    def __init__(
        self,
        backups: BackupService,
        restored: RestoredDatabases,
        live: DatabaseSurveyor,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self._backups = backups
        self._restored = restored
        self._live = live
        self._pause = pause

    async def __call__(self, restore: FinishedRestore) -> RestoreVerdict:
        """Judge the restored database and report; doing it again is safe.

        Raises:
            StoreUnavailable: the live database gave no answer; nothing was reported.
            ProviderUnavailable: nothing is known to have been reported.
        """
        verdict = await self._judge(restore)
        await self._backups.report(restore.job_id, verdict)
        count("restore_tests", outcome="whole" if verdict.is_whole else "broken")
        count("restore_succeeded", verdict.is_whole)
        count("restore_duration_seconds", (restore.finished_at - restore.began_at).total_seconds())
        logger.info("restore_checked", job_id=restore.job_id, is_whole=verdict.is_whole, found=verdict.message)
        return verdict

    async def _judge(self, restore: FinishedRestore) -> RestoreVerdict:
        try:
            restored = await self._survey(restore, until=None)
            if restored.newest_at is not None:
                count("restored_newest_row_age_seconds", (restore.began_at - restored.newest_at).total_seconds())
            until = compared_until(restored, oldest_backup_at=restore.began_at - OLDEST_BACKUP)
            restored = await self._survey(restore, until=until)
        except (NotFound, StoreUnavailable) as error:
            logger.exception("restored_database_unreadable", job_id=restore.job_id)
            return RestoreVerdict(is_whole=False, message=str(error))
        return judge(restored, await self._live.survey(until=until))

    async def _survey(self, restore: FinishedRestore, *, until: datetime | None) -> DatabaseSurvey:
        """A database that has just come up may need a moment until it lets anybody in."""
        address = await self._backups.restored_database(restore.resource_arn)
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._restored.survey(address, until=until)
            except StoreUnavailable:
                await self._pause(PAUSE_SECONDS)
        return await self._restored.survey(address, until=until)


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
