"""BackupService over AWS Backup and RDS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.restore import RestoreJob, RestoreVerdict
from shared.errors import NotFound, ProviderUnavailable
from shared.ports.backups import DatabaseAddress

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

_MISSING = frozenset({"DBInstanceNotFound", "DBInstanceNotFoundFault", "ResourceNotFoundException"})
_NOT_TAKEN = "InvalidRequestException"
_WHOLE, _BROKEN = "SUCCESSFUL", "FAILED"
_LONGEST_MESSAGE = 1000
Result = TypeVar("Result")


class _NotTaken(ProviderUnavailable):
    """AWS does not take the request as things stand."""


class AwsBackupService:
    """Implements `BackupService`."""

    # The locked type stubs do not hold AWS Backup.
    def __init__(self, backup: Callable[[], Any], rds: Callable[[], RDSClient]) -> None:
        self._backup = backup
        self._rds = rds

    async def restored_database(self, resource_arn: str) -> DatabaseAddress:
        """See `BackupService.restored_database`."""
        # Source: RDS User Guide, "Amazon Resource Names": arn:partition:rds:region:account:db:name.
        endpoint = (await self._describe(resource_arn.rpartition(":")[2])).get("Endpoint")
        if endpoint is None:
            raise NotFound("The restored database does not listen; see its state in the RDS console.")
        return DatabaseAddress(host=endpoint["Address"], port=endpoint["Port"])

    async def restore_job(self, job_id: str) -> RestoreJob:
        """See `BackupService.restore_job`."""
        job = await _ask(lambda: self._backup().describe_restore_job(RestoreJobId=job_id))
        status = job.get("ValidationStatus")
        message = job.get("ValidationStatusMessage", "")
        is_judged = status in {_WHOLE, _BROKEN}
        return RestoreJob(
            backed_up_at=job.get("RecoveryPointCreationDate"),
            verdict=RestoreVerdict(is_whole=status == _WHOLE, message=message) if is_judged else None,
        )

    async def report(self, job_id: str, verdict: RestoreVerdict) -> None:
        """See `BackupService.report`."""
        try:
            await _ask(
                lambda: self._backup().put_restore_validation_result(
                    RestoreJobId=job_id,
                    ValidationStatus=_WHOLE if verdict.is_whole else _BROKEN,
                    ValidationStatusMessage=verdict.message[:_LONGEST_MESSAGE],
                )
            )
        except _NotTaken:
            # Perhaps an earlier attempt was heard and its answer lost.
            if (await self.restore_job(job_id)).verdict is None:
                raise ProviderUnavailable(
                    "AWS Backup took no verdict: see whether the restore test's validation window is over."
                ) from None

    async def latest_restorable_at(self, database_id: str) -> datetime | None:
        """See `BackupService.latest_restorable_at`."""
        latest: datetime | None = (await self._describe(database_id)).get("LatestRestorableTime")
        return latest

    async def created_at(self, database_id: str) -> datetime:
        """See `BackupService.created_at`."""
        created: datetime | None = (await self._describe(database_id)).get("InstanceCreateTime")
        if created is None:
            raise NotFound("The database is still being created.")
        return created

    async def _describe(self, database_id: str) -> dict[str, Any]:
        described = await _ask(lambda: self._rds().describe_db_instances(DBInstanceIdentifier=database_id))
        return dict(described["DBInstances"][0])


async def _ask(request: Callable[[], Result]) -> Result:
    try:
        return await asyncio.to_thread(request)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            raise NotFound("There is no such database, or no such restore.") from error
        if code == _NOT_TAKEN:
            raise _NotTaken("AWS does not take this.") from error
        raise ProviderUnavailable(f"AWS refused with {code}; see the permissions of the function's role.") from error
    except BotoCoreError as error:
        raise ProviderUnavailable("AWS gave no answer.") from error
