"""Requests and answers are checked against the service models of botocore."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from shared.adapters.aws.resource_inventory import KEEP_TAG, STACK_TAG, AwsResourceInventory
from shared.domain.idle import ObservedResource, ResourceKind, window_before
from shared.errors import ProviderUnavailable

WINDOW = window_before(datetime(2026, 3, 2, 12, 40, tzinfo=UTC))
HOURS = [WINDOW.since + timedelta(hours=number) for number in range(24)]
PREFIX = "arn:aws:{}:ap-south-1:123456789012:"
DATABASE = PREFIX.format("rds") + "db:vaani-database"
NAT = PREFIX.format("ec2") + "natgateway/nat-1"
CACHE = PREFIX.format("elasticache") + "replicationgroup:vaani-cache"
GROUP = PREFIX.format("elasticloadbalancing") + "targetgroup/vaani/0a1b"
BALANCER = PREFIX.format("elasticloadbalancing") + "loadbalancer/app/vaani/2c3d"
ADDRESS = PREFIX.format("ec2") + "elastic-ip/eipalloc-1"
VOLUME = PREFIX.format("ec2") + "volume/vol-1"
LOG_GROUP = PREFIX.format("logs") + "log-group:/vaani/dev"
SERVICES = ("cloudwatch", "ec2", "ecs", "elasticache", "elbv2", "logs", "rds", "resourcegroupstaggingapi")


class Cloud:
    """A stubbed client of each service; a test says what they answer, in order."""

    def __init__(self) -> None:
        session: Any = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test")
        self.clients = {name: session.client(name, region_name="ap-south-1") for name in SERVICES}
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}

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
        """These tasks run in the cluster."""
        self.answer("ecs", "list_tasks", {"taskArns": [task["taskArn"] for task in tasks]})
        if tasks:
            self.answer("ecs", "describe_tasks", {"tasks": list(tasks)})

    def measures(self, *values: list[float]) -> None:
        """Hourly values of each metric, from the window's first hour on."""
        results = [
            {"Id": f"m{number}", "Timestamps": HOURS[: len(hourly)], "Values": hourly}
            for number, hourly in enumerate(values)
        ]
        self.answer("cloudwatch", "get_metric_data", {"MetricDataResults": results})

    async def observe(self) -> tuple[ObservedResource, ...]:
        """What the inventory finds; every answer must have been asked for."""
        for stub in self.stubs.values():
            stub.activate()
        found = await AwsResourceInventory("vaani-dev", lambda service: self.clients[service]).observe(WINDOW)
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()
        return found


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def a_task(hours: float, **given: Any) -> dict[str, Any]:
    return {
        "taskArn": "arn:task",
        "capacityProviderName": "FARGATE_SPOT",
        "startedAt": WINDOW.until - timedelta(hours=hours),
        **given,
    }


async def test_only_resources_of_the_stack_are_asked_for_page_by_page(cloud: Cloud) -> None:
    question = {"TagFilters": [{"Key": STACK_TAG, "Values": ["vaani-dev"]}], "ResourceTypeFilters": ANY}
    found = [{"ResourceARN": ADDRESS, "Tags": []}]
    cloud.answer(
        "resourcegroupstaggingapi",
        "get_resources",
        {"ResourceTagMappingList": [], "PaginationToken": "next"},
        question,
    )
    cloud.answer(
        "resourcegroupstaggingapi",
        "get_resources",
        {"ResourceTagMappingList": found, "PaginationToken": ""},
        {**question, "PaginationToken": "next"},
    )
    cloud.answer("ec2", "describe_addresses", {"Addresses": [{"AllocationId": "eipalloc-1"}]})
    cloud.runs()

    (address,) = await cloud.observe()

    assert (address.kind, address.is_idle) == (ResourceKind.ADDRESS, True)


async def test_a_resource_tagged_to_be_kept_is_not_looked_at(cloud: Cloud) -> None:
    cloud.holds(DATABASE, VOLUME, tags={KEEP_TAG: "true"})
    cloud.runs(a_task(48, tags=[{"key": KEEP_TAG, "value": "true"}]))

    assert await cloud.observe() == ()


@pytest.mark.parametrize(
    ("connections", "is_idle"), [([0.0] * 24, True), ([0.0] * 23 + [2.0], False), ([0.0] * 23, None)]
)
async def test_a_database_is_idle_without_connections_in_all_hours(
    cloud: Cloud,
    connections: list[float],
    is_idle: bool | None,  # noqa: FBT001
) -> None:
    cloud.holds(DATABASE)
    cloud.answer(
        "rds", "describe_db_instances", {"DBInstances": [{"DBInstanceClass": "db.t4g.medium", "MultiAZ": True}]}
    )
    cloud.measures(connections)
    cloud.runs()

    (database,) = await cloud.observe()

    assert database.is_idle is is_idle
    assert (database.unit, database.quantity, database.idle_since) == ("db.t4g.medium", Decimal(2), WINDOW.since)


async def test_measurements_that_come_in_pages_are_joined(cloud: Cloud) -> None:
    cloud.holds(DATABASE)
    cloud.answer("rds", "describe_db_instances", {"DBInstances": [{"DBInstanceClass": "db.t4g.medium"}]})
    first = {"Id": "m0", "Timestamps": HOURS[:12], "Values": [0.0] * 12}
    second = {"Id": "m0", "Timestamps": HOURS[12:], "Values": [0.0] * 12}
    cloud.answer("cloudwatch", "get_metric_data", {"MetricDataResults": [first], "NextToken": "next"})
    cloud.answer("cloudwatch", "get_metric_data", {"MetricDataResults": [second]})
    cloud.runs()

    (database,) = await cloud.observe()

    assert database.is_idle is True


@pytest.mark.parametrize(("sent", "is_idle"), [(99_000.0, True), (1_000_000.0, False)])
async def test_a_nat_gateway_is_idle_when_next_to_nothing_passes(cloud: Cloud, sent: float, *, is_idle: bool) -> None:
    cloud.holds(NAT)
    cloud.measures([0.0] * 23 + [sent], [0.0] * 24)
    cloud.runs()

    (gateway,) = await cloud.observe()

    assert gateway.is_idle is is_idle


async def test_a_cache_is_in_use_when_one_of_its_nodes_is(cloud: Cloud) -> None:
    cloud.holds(CACHE)
    nodes = {"MemberClusters": ["cache-1", "cache-2"], "CacheNodeType": "cache.t4g.small"}
    cloud.answer("elasticache", "describe_replication_groups", {"ReplicationGroups": [nodes]})
    cloud.measures(*([[0.0] * 24] * 5), [0.0] * 23 + [1.0])
    cloud.runs()

    (cache,) = await cloud.observe()

    assert (cache.is_idle, cache.quantity) == (False, Decimal(2))


async def test_a_target_group_without_measurements_got_no_requests(cloud: Cloud) -> None:
    cloud.holds(GROUP)
    cloud.answer("elbv2", "describe_target_groups", {"TargetGroups": [{"LoadBalancerArns": [BALANCER]}]})
    cloud.measures([])
    cloud.runs()

    (group,) = await cloud.observe()

    assert (group.is_idle, group.idle_since) == (True, None)


async def test_an_attached_volume_is_in_use_and_a_free_one_is_not(cloud: Cloud) -> None:
    cloud.holds(VOLUME, VOLUME.replace("vol-1", "vol-2"))
    volumes = [
        {"VolumeId": "vol-1", "State": "available", "Size": 20},
        {"VolumeId": "vol-2", "State": "in-use", "Size": 30},
    ]
    cloud.answer("ec2", "describe_volumes", {"Volumes": volumes})
    cloud.runs()

    found = await cloud.observe()

    assert [(volume.is_idle, volume.quantity) for volume in found] == [(True, Decimal(20)), (False, Decimal(30))]


async def test_a_log_group_without_retention_is_found_and_its_namesakes_are_not(cloud: Cloud) -> None:
    cloud.holds(LOG_GROUP)
    groups = [
        {"logGroupName": "/vaani/dev", "storedBytes": 3 * 1024**3},
        {"logGroupName": "/vaani/dev-other", "storedBytes": 1},
    ]
    cloud.answer("logs", "describe_log_groups", {"logGroups": groups})
    cloud.runs()

    (group,) = await cloud.observe()

    assert (group.is_idle, group.quantity) == (True, Decimal(3))


async def test_a_spot_task_that_runs_for_a_day_is_found(cloud: Cloud) -> None:
    cloud.holds()
    cloud.runs(
        a_task(25, taskArn="arn:old"),
        a_task(1, taskArn="arn:young"),
        a_task(99, taskArn="arn:service", capacityProviderName="FARGATE"),
    )

    found = await cloud.observe()

    assert [(task.arn, task.is_idle) for task in found] == [("arn:old", True), ("arn:young", False)]


async def test_a_refusal_is_no_empty_inventory(cloud: Cloud) -> None:
    cloud.stubs["resourcegroupstaggingapi"].add_client_error("get_resources", "AccessDeniedException")

    with pytest.raises(ProviderUnavailable):
        await cloud.observe()
