"""After a restore test: judges the restored database. On a schedule: measures how ready we are for a restore."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared import lambda_runtime, observability, wiring
from shared.domain.restore import FinishedRestore

check_restore = wiring.check_restore()
measure_restorable_lag = wiring.measure_restorable_lag()
measure_restore_tests = wiring.measure_restore_tests()


def handler(event: lambda_runtime.Event, _context: object) -> None:
    """Do what the event asks for; an exception makes Lambda try again."""
    try:
        if event.get("source") == "aws.backup":
            lambda_runtime.run(check_restore(_finished_restore(event["detail"])))
        else:
            lambda_runtime.run(measure_restorable_lag())
            lambda_runtime.run(measure_restore_tests())
    finally:
        # What was measured before something failed is not lost with it.
        observability.flush_metrics()


def _finished_restore(detail: dict[str, Any]) -> FinishedRestore:
    """Source: AWS Backup Developer Guide, "Monitoring AWS Backup events using EventBridge"."""
    return FinishedRestore(
        job_id=detail["restoreJobId"],
        resource_arn=detail["createdResourceArn"],
        began_at=datetime.fromisoformat(detail["creationDate"]),
        finished_at=datetime.fromisoformat(detail["completionDate"]),
    )
