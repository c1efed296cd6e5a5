"""The container that holds calls: how it is replaced, scaled and protected."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from shared.settings import Settings
from tests.template.stack import Stack, attributes, text

FAREWELL_SECONDS = 60
LONGEST_STOP_SECONDS = 120


@pytest.mark.requirement("4.1")
def test_it_runs_as_a_container_on_fargate(stack: Stack) -> None:
    service = stack.properties("StreamService")
    task = stack.properties("StreamTask")

    assert [item["CapacityProvider"] for item in service["CapacityProviderStrategy"]] == ["FARGATE"]
    assert task["RequiresCompatibilities"] == ["FARGATE"]
    assert task["RuntimePlatform"]["CpuArchitecture"] == "ARM64"


@pytest.mark.requirement("8.3")
@pytest.mark.requirement("12.4")
def test_an_old_task_waits_for_the_longest_call_and_its_farewell(stack: Stack) -> None:
    longest_call = Settings.model_fields["call_limit_seconds"].default

    settings = attributes(stack.properties("StreamTargetGroup"), "TargetGroupAttributes")

    assert int(settings["deregistration_delay.timeout_seconds"]) >= longest_call + FAREWELL_SECONDS
    assert stack.properties("StreamTask")["ContainerDefinitions"][0]["StopTimeout"] == LONGEST_STOP_SECONDS


@pytest.mark.requirement("7.1")
def test_at_least_two_tasks_in_two_zones(stack: Stack) -> None:
    subnets = stack.properties("StreamService")["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]
    zones = {text(stack.properties(subnet["Ref"])["AvailabilityZone"]) for subnet in subnets}

    assert stack.properties("StreamScaling")["MinCapacity"] == 2
    assert len(zones) == 2
    assert "DesiredCount" not in stack.properties("StreamService")


@pytest.mark.requirement("7.2")
def test_tasks_are_added_above_seventy_percent_up_to_ten(stack: Stack) -> None:
    alarm = stack.properties("StreamCpuHigh")
    steps = stack.properties("ScaleOutOnCpu")["StepScalingPolicyConfiguration"]["StepAdjustments"]

    assert (alarm["MetricName"], alarm["Threshold"], alarm["ComparisonOperator"]) == (
        "CPUUtilization",
        70,
        "GreaterThanThreshold",
    )
    assert alarm["AlarmActions"] == [{"Ref": "ScaleOutOnCpu"}]
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (60, 1)
    assert all(step["ScalingAdjustment"] > 0 for step in steps)
    assert stack.properties("StreamScaling")["MaxCapacity"] == 10


def test_tasks_are_added_when_calls_fill_them_although_the_processor_is_idle(stack: Stack) -> None:
    policy = stack.properties("ScaleOutOnCalls")["StepScalingPolicyConfiguration"]
    alarms = [
        stack.properties(name)
        for name, resource in stack.resources.items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
        and {"Ref": "ScaleOutOnCalls"} in stack.properties(name)["AlarmActions"]
    ]

    (alarm,) = alarms
    metrics = {query["MetricStat"]["Metric"]["MetricName"] for query in alarm["Metrics"] if "MetricStat" in query}
    assert metrics == {"active_calls", "call_capacity"}
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert 0 < alarm["Threshold"] < 100
    assert all(step["ScalingAdjustment"] > 0 for step in policy["StepAdjustments"])


@pytest.mark.requirement("7.3")
def test_tasks_are_removed_after_five_minutes_below_thirty_percent(stack: Stack) -> None:
    alarm = stack.properties("StreamCpuLow")
    (step,) = stack.properties("ScaleInOnCpu")["StepScalingPolicyConfiguration"]["StepAdjustments"]

    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (30, "LessThanThreshold")
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 300
    assert alarm["AlarmActions"] == [{"Ref": "ScaleInOnCpu"}]
    assert step == {"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1}


@pytest.mark.requirement("7.4")
@pytest.mark.requirement("8.2")
def test_health_is_asked_every_thirty_seconds(stack: Stack) -> None:
    group = stack.properties("StreamTargetGroup")

    assert group["HealthCheckPath"] == "/health/stream"
    assert group["HealthCheckIntervalSeconds"] == 30
    assert group["Matcher"] == {"HttpCode": "200"}
    assert stack.properties("StreamService")["LoadBalancers"][0]["TargetGroupArn"] == {"Ref": "StreamTargetGroup"}


@pytest.mark.requirement("8.1")
@pytest.mark.parametrize("tasks", [2, 3])
def test_one_task_at_a_time_is_replaced_at_the_usual_size(stack: Stack, tasks: int) -> None:
    deployment = stack.properties("StreamService")["DeploymentConfiguration"]

    room = math.floor(tasks * int(deployment["MaximumPercent"]) / 100) - tasks

    assert room == 1


@pytest.mark.requirement("8.4")
def test_no_capacity_is_given_up_during_a_deployment(stack: Stack) -> None:
    assert stack.properties("StreamService")["DeploymentConfiguration"]["MinimumHealthyPercent"] >= 50


@pytest.mark.requirement("8.5")
def test_three_failures_roll_back(stack: Stack) -> None:
    deployment = stack.properties("StreamService")["DeploymentConfiguration"]
    breaker = deployment["DeploymentCircuitBreaker"]

    assert stack.properties("StreamTargetGroup")["UnhealthyThresholdCount"] == 3
    assert breaker["Enable"]
    assert breaker["Rollback"]
    assert breaker["ThresholdConfiguration"] == {"Type": "COUNT", "Value": 3}
    assert deployment["Alarms"] == {"Enable": True, "Rollback": True, "AlarmNames": [{"Ref": "StreamServerErrors"}]}


def test_the_first_deployment_needs_no_image(first_deployment: Stack) -> None:
    kinds = {resource["Type"] for resource in first_deployment.resources.values()}

    assert "AWS::ECR::Repository" in kinds
    assert "AWS::ECS::Service" not in kinds
    assert "AWS::ECS::TaskDefinition" not in kinds
    dangling = {name for name in ("StreamTask", "StreamService") if f'"{name}"' in text(first_deployment.resources)}
    assert not dangling


def test_the_container_cannot_write_outside_its_scratch_and_is_nobody(stack: Stack) -> None:
    (container,) = stack.properties("StreamTask")["ContainerDefinitions"]

    assert container["ReadonlyRootFilesystem"]
    assert container["User"] == "10001"
    assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert [mount["ContainerPath"] for mount in container["MountPoints"]] == ["/tmp"]  # noqa: S108 - the container's


@pytest.mark.parametrize("image", ["vaani:latest", "vaani", "vaani@sha256:abc", f"vaani:1@sha256:{'g' * 64}"])
def test_a_stack_takes_its_image_by_digest_alone(template: dict[str, Any], image: str) -> None:
    pattern = template["Parameters"]["StreamImageUri"]["AllowedPattern"]

    assert not re.search(pattern, image)
    assert re.search(pattern, f"123456789012.dkr.ecr.ap-south-1.amazonaws.com/vaani@sha256:{'0' * 64}")
    assert re.search(pattern, "")


def test_a_slow_log_service_cannot_hold_up_audio(stack: Stack) -> None:
    (container,) = stack.properties("StreamTask")["ContainerDefinitions"]

    assert container["LogConfiguration"]["Options"]["mode"] == "non-blocking"


@pytest.mark.requirement("16.1")
def test_background_work_prefers_spot(stack: Stack) -> None:
    task = stack.properties("HourlyJob")["Target"]["EcsParameters"]
    weights = {item["CapacityProvider"]: item["Weight"] for item in task["CapacityProviderStrategy"]}

    assert weights["FARGATE_SPOT"] > weights["FARGATE"]
    assert task["TaskDefinitionArn"] == {"Ref": "StreamTask"}
    assert "stream_service.jobs" in stack.properties("HourlyJob")["Target"]["Input"]
    assert "FARGATE_SPOT" in stack.properties("Cluster")["CapacityProviders"]


@pytest.mark.requirement("16.1")
def test_background_work_that_found_no_spot_for_hours_is_done_without_it(stack: Stack) -> None:
    usual, catch_up = (stack.properties(name) for name in ("HourlyJob", "CatchUpJob"))
    task = catch_up["Target"]["EcsParameters"]

    # One task goes to the provider of the greater weight alone, so the second weight above is no way out.
    assert [item["CapacityProvider"] for item in task["CapacityProviderStrategy"]] == ["FARGATE"]
    assert catch_up["ScheduleExpression"] == "cron(45 */6 * * ? *)"
    assert catch_up["Target"]["Input"] == usual["Target"]["Input"]
    assert task["TaskDefinitionArn"] == usual["Target"]["EcsParameters"]["TaskDefinitionArn"]


@pytest.mark.requirement("16.1")
def test_what_users_wait_for_does_not_run_on_spot(stack: Stack) -> None:
    strategy = stack.properties("StreamService")["CapacityProviderStrategy"]

    assert [item["CapacityProvider"] for item in strategy] == ["FARGATE"]
