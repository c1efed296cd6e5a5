"""BackupService over AWS Backup and RDS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.restore import RestoreVerdict
from shared.errors import NotFound, ProviderUnavailable
from shared.ports.backups import DatabaseAddress

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

_MISSING = "DBInstanceNotFound"
_LONGEST_MESSAGE = 1000
Result = TypeVar("Result")


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
            raise NotFound("The restored database does not listen.")
        return DatabaseAddress(host=endpoint["Address"], port=endpoint["Port"])

    async def report(self, job_id: str, verdict: RestoreVerdict) -> None:
        """See `BackupService.report`."""
        await _ask(
            lambda: self._backup().put_restore_validation_result(
                RestoreJobId=job_id,
                ValidationStatus="SUCCESSFUL" if verdict.is_whole else "FAILED",
                ValidationStatusMessage=verdict.message[:_LONGEST_MESSAGE],
            )
        )

    async def latest_restorable_at(self, database_id: str) -> datetime | None:
        """See `BackupService.latest_restorable_at`."""
        latest: datetime | None = (await self._describe(database_id)).get("LatestRestorableTime")
        return latest

    async def _describe(self, database_id: str) -> dict[str, Any]:
        described = await _ask(lambda: self._rds().describe_db_instances(DBInstanceIdentifier=database_id))
        return dict(described["DBInstances"][0])


async def _ask(request: Callable[[], Result]) -> Result:
    try:
        return await asyncio.to_thread(request)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in {_MISSING, f"{_MISSING}Fault"}:
            raise NotFound("There is no such database.") from error
        raise ProviderUnavailable("AWS refused.") from error
    except BotoCoreError as error:
        raise ProviderUnavailable("AWS gave no answer.") from error
