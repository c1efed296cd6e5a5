"""After a restore test: judges the restored database. On a schedule: measures how ready we are for a restore.

Asked by an operator with `{"inspect": "<database>"}`: says what stands in a database that was restored by hand.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared import lambda_runtime, observability, wiring
from shared.domain.restore import DatabaseSurvey, FinishedRestore

check_restore = wiring.check_restore()
inspect_restored = wiring.inspect_restored()
measure_restorable_lag = wiring.measure_restorable_lag()
measure_restore_tests = wiring.measure_restore_tests()


def handler(event: lambda_runtime.Event, _context: object) -> dict[str, Any] | None:
    """Do what the event asks for; an exception makes Lambda try again."""
    try:
        if "inspect" in event:
            return _in_json(lambda_runtime.run(inspect_restored(event["inspect"])))
        if event.get("source") == "aws.backup":
            lambda_runtime.run(check_restore(_finished_restore(event["detail"])))
        else:
            lambda_runtime.run(measure_restorable_lag())
            lambda_runtime.run(measure_restore_tests())
        return None
    finally:
        # What was measured before something failed is not lost with it.
        observability.flush_metrics()


def _in_json(survey: DatabaseSurvey) -> dict[str, Any]:
    newest_at = None if survey.newest_at is None else survey.newest_at.isoformat()
    return {"schema_version": survey.schema_version, "rows": dict(survey.rows), "newest_at": newest_at}


def _finished_restore(detail: dict[str, Any]) -> FinishedRestore:
    """Source: AWS Backup Developer Guide, "Monitoring AWS Backup events using EventBridge"."""
    return FinishedRestore(
        job_id=detail["restoreJobId"],
        resource_arn=detail["createdResourceArn"],
        began_at=datetime.fromisoformat(detail["creationDate"]),
        finished_at=datetime.fromisoformat(detail["completionDate"]),
    )
