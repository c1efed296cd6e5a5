"""Alarms, logs, schedules, cost and region."""

from __future__ import annotations

import re

import pytest

from tests.template.stack import Node, Stack, source, text

DAYS_OF_LOGS = 30


def metric(alarm: Node, query: str) -> Node:
    """The metric behind one id of an alarm's expression."""
    (found,) = [item for item in alarm["Metrics"] if item["Id"] == query]
    return found["MetricStat"]


@pytest.mark.requirement("9.3")
def test_an_error_rate_above_five_percent_over_five_minutes_alarms(stack: Stack) -> None:
    alarm = stack.properties("ErrorRateHigh")

    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (5, "GreaterThanThreshold")
    assert {metric(alarm, name)["Period"] for name in ("requests", "target_errors", "balancer_errors")} == {300}
    # The load balancer publishes failures only when there are some.
    assert all(f"FILL({name}, 0)" in alarm["Metrics"][0]["Expression"] for name in ("target_errors", "balancer_errors"))
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


@pytest.mark.requirement("9.4")
def test_calls_above_eighty_percent_of_capacity_alarm(stack: Stack) -> None:
    alarm = stack.properties("CallLoadHigh")

    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (80, "GreaterThanThreshold")
    assert metric(alarm, "calls")["Stat"] == metric(alarm, "capacity")["Stat"] == "Sum"
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


@pytest.mark.requirement("14.3")
def test_half_a_second_at_the_ninety_fifth_percentile_alarms(stack: Stack) -> None:
    alarm = stack.properties("LatencyHigh")

    latency = metric(alarm, "latency")
    assert (latency["Metric"]["MetricName"], latency["Stat"]) == ("TargetResponseTime", "p95")
    # The metric is in seconds.
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0.5, "GreaterThanThreshold")


@pytest.mark.requirement("9.6")
def test_every_log_group_ends_after_thirty_days(stack: Stack) -> None:
    groups = stack.of_type("AWS::Logs::LogGroup")

    assert groups
    assert {group["RetentionInDays"] for group in groups.values()} == {DAYS_OF_LOGS}


@pytest.mark.requirement("9.6")
def test_every_log_producer_has_a_group_of_the_stack(stack: Stack) -> None:
    groups = {name: group["LogGroupName"]["Fn::Sub"] for name, group in stack.of_type("AWS::Logs::LogGroup").items()}

    for name, function in stack.of_type("AWS::Lambda::Function").items():
        assert function["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}LogGroup"}
    container = stack.properties("StreamTask")["ContainerDefinitions"][0]
    assert container["LogConfiguration"]["Options"]["awslogs-group"] == {"Ref": "StreamLogGroup"}
    assert stack.properties("FlowLog")["LogGroupName"] == {"Ref": "FlowLogGroup"}
    assert groups["FirewallLogGroup"].startswith("aws-waf-logs-")
    # Services that would create a group without end themselves must find it made.
    assert stack.properties("Database")["DBInstanceIdentifier"]["Fn::Sub"] in groups["DatabaseLogGroup"]
    assert stack.resources["Database"]["DependsOn"] == "DatabaseLogGroup"
    assert stack.resources["Cluster"]["DependsOn"] == "ContainerInsightsLogGroup"
    assert stack.resources["DatabaseProxy"]["DependsOn"] == "DatabaseProxyLogGroup"


def test_alarms_reach_people_through_a_key_they_may_use(stack: Stack) -> None:
    admitted = text(stack.properties("DataKey")["KeyPolicy"])

    assert stack.properties("AlarmTopic")["KmsMasterKeyId"] == {"Ref": "DataKey"}
    assert "cloudwatch.amazonaws.com" in admitted
    assert "budgets.amazonaws.com" in admitted
    for alarm in stack.of_type("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"]


@pytest.mark.requirement("16.4")
@pytest.mark.parametrize("name", ["CostReportDaily", "IdleReportDaily"])
def test_reports_run_on_a_schedule_that_keeps_what_it_could_not_start(stack: Stack, name: str) -> None:
    schedule = stack.properties(name)

    assert schedule["ScheduleExpression"].startswith("cron(")
    assert schedule["Target"]["Arn"] == {"Ref": f"{name.removesuffix('Daily')}Aliaslive"}
    assert schedule["Target"]["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["FailedEventQueue", "Arn"]}


@pytest.mark.requirement("14.1")
@pytest.mark.requirement("14.4")
@pytest.mark.requirement("14.5")
def test_the_stack_is_refused_outside_mumbai_and_singapore_and_names_no_region_itself() -> None:
    template = source()
    (assertion,) = template["Rules"]["RegionAllowed"]["Assertions"]

    assert assertion["Assert"]["Fn::Contains"] == [["ap-south-1", "ap-southeast-1"], {"Ref": "AWS::Region"}]
    assert not re.search(r"\b(ap|us|eu)-[a-z]+-\d", text(template["Resources"]))
    assert not re.search(r"\b\d{12}\b", text(template["Resources"]))


@pytest.mark.requirement("17.2")
def test_development_is_cheap_and_production_is_not(stack: Stack, development: Stack) -> None:
    assert len(stack.of_type("AWS::EC2::NatGateway")) == 2
    assert len(development.of_type("AWS::EC2::NatGateway")) == 1
    assert development.properties("Cache")["ReplicasPerNodeGroup"] == 0
    assert not development.properties("Database")["DeletionProtection"]
    assert stack.properties("Database")["DeletionProtection"]
    assert "ReservedConcurrentExecutions" not in development.properties("MessageWebhook")


@pytest.mark.parametrize("name", ["MessageWorker", "HistoryApi", "AdminApi", "VoiceWebhook", "StreamService"])
def test_the_schema_is_there_before_anything_new_uses_it(stack: Stack, name: str) -> None:
    waits_for = stack.resources[name]["DependsOn"]

    assert "DatabaseSchema" in waits_for
    # Its property changes with every new version of the function that migrates, and only then.
    assert stack.properties("DatabaseSchema")["ServiceToken"] == {"Ref": "MigrateDatabaseAliaslive"}
    assert stack.properties("DatabaseSchema")["MigratedBy"]["Ref"].startswith("MigrateDatabaseVersion")


def test_the_template_fits_every_partition_and_account() -> None:
    written = text(source()["Resources"])

    assert "arn:aws:" not in written
    assert "amazonaws.com.cn" not in written


@pytest.mark.requirement("16.4")
def test_a_budget_warns_before_the_money_is_spent(stack: Stack) -> None:
    budget = stack.properties("MonthlyBudget")

    kinds = {item["Notification"]["NotificationType"] for item in budget["NotificationsWithSubscribers"]}

    assert kinds == {"ACTUAL", "FORECASTED"}
    assert all(item["Subscribers"] for item in budget["NotificationsWithSubscribers"])


def test_people_are_told_of_backups_and_restores_that_failed(stack: Stack) -> None:
    rule = stack.properties("BackupFailed")

    assert {"Restore Job State Change", "Backup Job State Change"} == set(rule["EventPattern"]["detail-type"])
    assert rule["Targets"][0]["Arn"] == {"Ref": "AlarmTopic"}
    assert "events.amazonaws.com" in text(stack.properties("AlarmTopicPolicy"))
    assert "events.amazonaws.com" in text(stack.properties("DataKey")["KeyPolicy"])


def test_the_job_that_may_be_taken_away_is_tried_again_and_then_kept(stack: Stack) -> None:
    target = stack.properties("HourlyJob")["Target"]

    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["FailedEventQueue", "Arn"]}
