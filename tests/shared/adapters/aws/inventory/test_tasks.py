from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.idle import KEEP_TAG
from tests.shared.adapters.aws.inventory.cloud import QUIET, STACK, WINDOW, Cloud, arn

SERVICE = arn("ecs", f"service/{STACK}/stream_service")


def a_task(name: str, hours: float, **given: Any) -> dict[str, Any]:
    return {
        "taskArn": arn("ecs", f"task/{STACK}/{name}"),
        "group": "family:jobs",
        "capacityProviderName": "FARGATE_SPOT",
        "startedAt": WINDOW.until - timedelta(hours=hours),
        "cpu": "1024",
        "memory": "2048",
        "attributes": [{"name": "ecs.cpu-architecture", "value": "arm64"}],
        **given,
    }


@pytest.mark.requirement("16.5")
async def test_a_background_task_that_runs_for_a_day_is_found_on_spot_and_where_there_was_none(cloud: Cloud) -> None:
    cloud.holds()
    cloud.runs(
        a_task("old", 25),
        a_task("old-without-spot", 25, capacityProviderName="FARGATE"),
        a_task("young", 1),
        a_task("of-the-service", 99, group="service:stream_service", capacityProviderName="FARGATE"),
        a_task("kept", 99, tags=[{"key": KEEP_TAG, "value": "true"}]),
    )

    found = await cloud.observe()

    assert {task.name: task.is_idle for task in found} == {"old": True, "old-without-spot": True, "young": False}
    assert found[0].unit == "fargate_arm_1024_2048"


@pytest.mark.requirement("16.5")
@pytest.mark.parametrize(
    ("calls", "running", "is_idle", "beyond"),
    [
        (QUIET, [4.0] * 23 + [3.0], True, 1),
        (QUIET, [2.0] * 24, False, 0),
        (QUIET, [5.0] * 23 + [2.0], False, 0),
        ([0.0] * 23 + [1.0], [9.0] * 24, False, 2),
        (QUIET[1:], [9.0] * 24, None, 2),
        (QUIET, [9.0] * 23, None, 2),
    ],
    ids=["one too many", "the minimum is wanted", "scaled in", "a call", "calls unknown", "tasks unknown"],
)
async def test_tasks_beyond_the_minimum_are_idle_without_any_call(
    cloud: Cloud,
    calls: list[float],
    running: list[float],
    is_idle: bool | None,  # noqa: FBT001
    beyond: int,
) -> None:
    cloud.holds(SERVICE)
    cloud.runs(a_task("a", 99, group="service:stream_service"))
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{STACK}/stream_service",
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 2,
        "MaxCapacity": 10,
        "RoleARN": "arn:role",
        "CreationTime": WINDOW.since,
    }
    cloud.answer("application-autoscaling", "describe_scalable_targets", {"ScalableTargets": [target]})
    # In the order of their names: tasks, calls.
    cloud.measures(running, calls)

    (service,) = await cloud.observe()

    assert service.is_idle is is_idle
    assert service.quantity == Decimal(beyond)
