"""Fargate tasks: those of the jobs, which end by themselves, and those of the service beyond its minimum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from shared.adapters.aws.inventory.candidate import Candidate, Stack
from shared.adapters.aws.inventory.measurements import Hourly, Metric
from shared.domain.idle import ObservedResource, ResourceKind, Window, is_quiet

_TASKS_AT_ONCE = 100
_SERVICE = "service:"


def tasks(stack: Stack) -> Iterator[Candidate]:
    """Both kinds, told apart by the group that ECS gives to a task."""
    of_services: dict[str, Any] = {}
    for task in _running(stack):
        group = task.get("group", "")
        if group.startswith(_SERVICE):
            of_services[group.removeprefix(_SERVICE)] = task
        elif "startedAt" in task and not stack.asks_to_keep(task.get("tags", []), "key", "value"):
            yield Candidate(resource=_background(task, stack))
    for arn in stack.tagged.get("ecs:service", ()):
        name = arn.rpartition("/")[2]
        if name in of_services:
            yield from _service(arn, name, of_services[name], stack)


def _running(stack: Stack) -> Iterator[Any]:
    pages = stack.pages("ecs", "list_tasks", cluster=stack.name, desiredStatus="RUNNING")
    arns = [arn for page in pages for arn in page["taskArns"]]
    for start in range(0, len(arns), _TASKS_AT_ONCE):
        some = arns[start : start + _TASKS_AT_ONCE]
        yield from stack.client("ecs").describe_tasks(cluster=stack.name, tasks=some, include=["TAGS"])["tasks"]


def _background(task: Any, stack: Stack) -> ObservedResource:
    """On Spot or, where there was none, not: the work is the same, and so is its end."""
    return ObservedResource(
        kind=ResourceKind.BACKGROUND_TASK,
        arn=task["taskArn"],
        name=task["taskArn"].rpartition("/")[2],
        is_idle=task["startedAt"] <= stack.window.since,
        idle_since=task["startedAt"],
        unit=_size(task),
    )


def _service(arn: str, name: str, task: Any, stack: Stack) -> Iterator[Candidate]:
    found = stack.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[f"service/{stack.name}/{name}"]
    )
    for target in found["ScalableTargets"]:
        yield Candidate(
            resource=ObservedResource(
                kind=ResourceKind.SERVICE_TASKS,
                arn=arn,
                name=name,
                is_idle=None,
                idle_since=stack.window.since,
                unit=_size(task),
                quantity=Decimal(target["MinCapacity"]),
            ),
            metrics=(
                Metric(namespace="Vaani", name="active_calls", statistic="Maximum", dimensions=(("service", name),)),
                Metric(
                    namespace="ECS/ContainerInsights",
                    name="RunningTaskCount",
                    statistic="Minimum",
                    dimensions=(("ClusterName", stack.name), ("ServiceName", name)),
                ),
            ),
            settle=_settle_beyond_minimum,
        )


def _settle_beyond_minimum(resource: ObservedResource, hourly: Sequence[Hourly], window: Window) -> ObservedResource:
    """The minimum is wanted, calls or not (R7.1); idle is what ran beyond it in every hour without any call."""
    calls, running = hourly
    quiet = is_quiet(calls, window, at_most=0, absent_is_zero=False)
    if quiet is not True or any(hour not in running for hour in window.hours):
        return replace(resource, is_idle=quiet if quiet is not True else None)
    beyond = Decimal(int(min(running[hour] for hour in window.hours))) - resource.quantity
    return replace(resource, is_idle=beyond > 0, quantity=max(beyond, Decimal(0)))


def _size(task: Any) -> str:
    attributes = {item["name"]: item.get("value", "") for item in task.get("attributes", [])}
    processor = "x86" if attributes.get("ecs.cpu-architecture") == "x86_64" else "arm"
    return f"fargate_{processor}_{task['cpu']}_{task['memory']}" if "cpu" in task and "memory" in task else ""
