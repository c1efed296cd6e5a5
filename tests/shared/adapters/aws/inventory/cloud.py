"""A cloud of stubs: requests and answers are checked against the service models of botocore."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.stub import Stubber

from shared.adapters.aws.inventory import AwsResourceInventory
from shared.adapters.aws.inventory.inventory import SERVICES
from shared.domain.idle import ObservedResource, ResourceKind, Survey, window_before

WINDOW = window_before(datetime(2026, 3, 2, 12, 40, tzinfo=UTC))
HOURS = [WINDOW.since + timedelta(hours=number) for number in range(24)]
OLD = WINDOW.since - timedelta(days=90)
YOUNG = WINDOW.since + timedelta(hours=2)
QUIET = [0.0] * 24
STACK = "vaani-dev"


def arn(service: str, resource: str) -> str:
    """An ARN of the test account."""
    return f"arn:aws:{service}:ap-south-1:123456789012:{resource}"


@functools.cache
def clients() -> dict[str, Any]:
    """One client of each service for all tests; to make one takes a third of a second."""
    session: Any = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test")
    return {name: session.client(name, region_name="ap-south-1") for name in SERVICES}


class Cloud:
    """A stubbed client of each service; a test says what they answer, in order."""

    def __init__(self) -> None:
        self.clients = clients()
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        self.bucket = ""
        self._runs: list[dict[str, Any]] = []

    def answer(
        self, service: str, operation: str, answer: dict[str, Any], question: dict[str, Any] | None = None
    ) -> None:
        """The next answer of the service."""
        self.stubs[service].add_response(operation, answer, question)

    def holds(self, *arns: str, tags: dict[str, str] | None = None) -> None:
        """The stack consists of these."""
        found = [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in (tags or {}).items()]}
            for arn in arns
        ]
        self.answer("resourcegroupstaggingapi", "get_resources", {"ResourceTagMappingList": found})

    def runs(self, *tasks: dict[str, Any]) -> None:
        """These tasks run in the cluster; without being told, none do."""
        self._runs = list(tasks)

    def measures(self, *values: list[float]) -> None:
        """Hourly values of each metric asked for, in the order of their names, from the window's first hour on."""
        results = [
            {"Id": f"m{number}", "Timestamps": HOURS[: len(hourly)], "Values": hourly}
            for number, hourly in enumerate(values)
        ]
        self.answer("cloudwatch", "get_metric_data", {"MetricDataResults": results})

    async def survey(self) -> Survey:
        """What the inventory finds; every answer must have been asked for."""
        self.answer("ecs", "list_tasks", {"taskArns": [task["taskArn"] for task in self._runs]})
        if self._runs:
            self.answer("ecs", "describe_tasks", {"tasks": self._runs})
        for stub in self.stubs.values():
            stub.activate()
        inventory = AwsResourceInventory(STACK, "ap-south-1", self.bucket, lambda service: self.clients[service])
        try:
            found = await inventory.observe(WINDOW)
        finally:
            for stub in self.stubs.values():
                stub.deactivate()
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()
        return found

    async def observe(self, *kinds: ResourceKind) -> tuple[ObservedResource, ...]:
        """The resources of a survey that saw everything; of these kinds only, where some are named."""
        found = await self.survey()
        assert found.unseen == frozenset()
        return tuple(resource for resource in found.resources if not kinds or resource.kind in kinds)
