"""What the hourly export may do, when it runs, how long it is kept, and who learns that it does not come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.postgres.export_rows import MARGIN
from shared.domain.export import HOUR, SETTLING, Dataset, ExportHour
from tests.template.stack import Stack
from tests.template.test_stores import reaching

HOUR_OF_TALKS = ExportHour(dataset=Dataset.CONVERSATIONS, starts_at=datetime(2026, 3, 1, 9, tzinfo=UTC))


@pytest.mark.requirement("9.5")
@pytest.mark.parametrize("key", [HOUR_OF_TALKS.part_key(1), HOUR_OF_TALKS.manifest_key])
def test_the_job_writes_exports_and_may_do_nothing_else_with_them(stack: Stack, key: str) -> None:
    rights = {action for role, action in reaching(stack, key) if role == "StreamTaskRole" and action.startswith("s3:")}

    assert rights == {"s3:PutObject"}


def test_only_the_task_that_erases_may_remove_exports_and_it_may_not_read_them(stack: Stack) -> None:
    reachable = reaching(stack, HOUR_OF_TALKS.part_key(1))

    removing = {role for role, action in reachable if action in {"s3:DeleteObject", "s3:DeleteObjectVersion"}}
    assert removing == {"EraseTaskRole"}
    assert ("EraseTaskRole", "s3:GetObject") not in reachable


def test_exports_end_with_their_old_versions(stack: Stack) -> None:
    rules = stack.properties("DataBucket")["LifecycleConfiguration"]["Rules"]

    (rule,) = (rule for rule in rules if HOUR_OF_TALKS.folder.startswith(rule.get("Prefix", "-")))

    assert rule["ExpirationInDays"] in (365, "365", {"Ref": "ExportRetentionDays"})
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


@pytest.mark.requirement("16.1")
def test_the_job_runs_every_hour_when_the_last_hour_can_be_exported(stack: Stack) -> None:
    schedule = stack.properties("HourlyJob")

    minute, *rest = schedule["ScheduleExpression"].removeprefix("cron(").removesuffix(")").split()

    assert rest == ["*", "*", "*", "?", "*"]
    begins_after = timedelta(minutes=int(minute))
    assert begins_after > SETTLING + MARGIN
    assert begins_after + timedelta(minutes=schedule["FlexibleTimeWindow"]["MaximumWindowInMinutes"]) < HOUR


@pytest.mark.requirement("9.5")
def test_an_hour_that_stays_away_for_three_hours_and_a_job_that_does_not_run_alarm(stack: Stack) -> None:
    alarm = stack.properties("ExportLate")

    assert (alarm["MetricName"], alarm["Threshold"]) == ("export_lag_seconds", 3 * 3600)
    assert (alarm["Period"] * alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (3 * 3600, "breaching")
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_what_becomes_of_personal_data_is_chosen_with_the_stack(stack: Stack) -> None:
    (container,) = stack.properties("StreamTask")["ContainerDefinitions"]

    environment = {item["Name"]: item["Value"] for item in container["Environment"]}
    assert environment["EXPORT_PERSONAL_DATA"] in ("masked", {"Ref": "ExportPersonalData"})
