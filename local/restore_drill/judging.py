"""The platform's own restore check, over a restored server instead of an instance that AWS Backup made."""

from __future__ import annotations

import asyncio
from datetime import datetime

from local.ports import HOST
from local.postgres_server import DATABASE, PostgresServer
from local.restore_drill.cloud import Cloud
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.revisions import revisions
from shared.adapters.postgres.survey import PostgresRestoredDatabases, PostgresSurveyor
from shared.domain.restore import FinishedRestore, RestoreJob, RestoreVerdict
from shared.ports.backups import DatabaseAddress
from shared.use_cases.check_restore import CheckRestore

JOB_ID = "restore-drill"


class OneRestore:
    """Implements `BackupService` for one restored server."""

    def __init__(self, port: int, *, backed_up_at: datetime) -> None:
        self._port = port
        self._backed_up_at = backed_up_at
        self.reported: list[RestoreVerdict] = []

    async def restored_database(self, _resource_arn: str) -> DatabaseAddress:
        """See `BackupService.restored_database`."""
        return DatabaseAddress(host=HOST, port=self._port)

    async def restore_job(self, _job_id: str) -> RestoreJob:
        """See `BackupService.restore_job`."""
        return RestoreJob(backed_up_at=self._backed_up_at, verdict=self.reported[0] if self.reported else None)

    async def report(self, _job_id: str, verdict: RestoreVerdict) -> None:
        """See `BackupService.report`."""
        self.reported.append(verdict)

    async def latest_restorable_at(self, _database_id: str) -> datetime | None:
        """See `BackupService.latest_restorable_at`."""
        return None

    async def created_at(self, _database_id: str) -> datetime:
        """See `BackupService.created_at`."""
        return self._backed_up_at


async def judge_restore(
    restored: PostgresServer, live: PostgresServer, cloud: Cloud, *, began_at: datetime, finished_at: datetime
) -> RestoreVerdict:
    """Let the check compare the two, signing in with the passwords that the secret holds; twice, as after a kill.

    `began_at` and `finished_at` are those of the restore.
    """
    backups = OneRestore(restored.port, backed_up_at=began_at)
    databases = PostgresRestoredDatabases(DATABASE, cloud.database_secret.sign_ins, ca_file=str(restored.certificate))
    database = Database(live.url, pool_size=1, ca_file=str(live.certificate))
    check = CheckRestore(backups, databases, PostgresSurveyor(database), asyncio.sleep, revisions=revisions())
    restore = FinishedRestore(job_id=JOB_ID, resource_arn="drill", began_at=began_at, finished_at=finished_at)
    try:
        await check(restore)
        verdict = await check(restore)
    finally:
        await database.close()
    assert backups.reported == [verdict], "a verdict is reported once"
    return verdict
