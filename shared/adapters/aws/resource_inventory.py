"""ResourceInventory over the tags that CloudFormation gives to the resources of a stack, and CloudWatch."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.idle import IDLE_FOR, ObservedResource, ResourceKind, Window, is_quiet
from shared.errors import ProviderUnavailable

STACK_TAG = "aws:cloudformation:stack-name"
KEEP_TAG = "vaani:keep"
_HOUR_SECONDS = 3600
_METRICS_AT_ONCE = 500
_TASKS_AT_ONCE = 100
_GIGABYTE = 1024**3
# What a NAT gateway lets through in an hour without anybody using it: keep-alives of its own.
_QUIET_NAT_BYTES = 100_000
_TYPES = {
    "rds:db": ResourceKind.DATABASE,
    "ec2:natgateway": ResourceKind.NAT_GATEWAY,
    "elasticache:replicationgroup": ResourceKind.CACHE,
    "elasticloadbalancing:targetgroup": ResourceKind.TARGET_GROUP,
    "ec2:elastic-ip": ResourceKind.ADDRESS,
    "ec2:volume": ResourceKind.VOLUME,
    "logs:log-group": ResourceKind.LOG_GROUP,
}
Hourly: TypeAlias = Mapping[datetime, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metric:
    namespace: str
    name: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]


class AwsResourceInventory:
    """Implements `ResourceInventory` for the stack of this name, whose cluster bears the same name."""

    # One client for each service; the clients' classes are many and their answers are read field by field.
    def __init__(self, stack_name: str, client: Callable[[str], Any]) -> None:
        self._stack_name = stack_name
        self._client = client

    async def observe(self, window: Window) -> tuple[ObservedResource, ...]:
        """See `ResourceInventory.observe`."""
        try:
            return await asyncio.to_thread(lambda: tuple(self._observe(window)))
        except (BotoCoreError, ClientError, KeyError, IndexError) as error:
            raise ProviderUnavailable("The resources of the stack are not known.") from error

    def _observe(self, window: Window) -> Iterator[ObservedResource]:
        by_kind: defaultdict[ResourceKind, list[str]] = defaultdict(list)
        for kind, arn in self._tagged():
            by_kind[kind].append(arn)
        yield from self._databases(by_kind[ResourceKind.DATABASE], window)
        yield from self._nat_gateways(by_kind[ResourceKind.NAT_GATEWAY], window)
        yield from self._caches(by_kind[ResourceKind.CACHE], window)
        yield from self._target_groups(by_kind[ResourceKind.TARGET_GROUP], window)
        yield from self._addresses(by_kind[ResourceKind.ADDRESS])
        yield from self._volumes(by_kind[ResourceKind.VOLUME])
        yield from self._log_groups(by_kind[ResourceKind.LOG_GROUP])
        yield from self._spot_tasks(window)

    def _tagged(self) -> Iterator[tuple[ResourceKind, str]]:
        for page in self._pages(
            "resourcegroupstaggingapi",
            "get_resources",
            TagFilters=[{"Key": STACK_TAG, "Values": [self._stack_name]}],
            ResourceTypeFilters=list(_TYPES),
        ):
            for resource in page["ResourceTagMappingList"]:
                kind = _kind_of(resource["ResourceARN"])
                if kind is not None and not _is_kept(resource["Tags"], "Key", "Value"):
                    yield kind, resource["ResourceARN"]

    def _databases(self, arns: list[str], window: Window) -> Iterator[ObservedResource]:
        for arn in arns:
            name = arn.rpartition(":")[2]
            described = self._client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
            metric = _Metric(
                namespace="AWS/RDS",
                name="DatabaseConnections",
                statistic="Maximum",
                dimensions=(("DBInstanceIdentifier", name),),
            )
            yield ObservedResource(
                kind=ResourceKind.DATABASE,
                arn=arn,
                is_idle=self._is_quiet([metric], window),
                idle_since=window.since,
                unit=described["DBInstanceClass"],
                quantity=Decimal(2 if described.get("MultiAZ") else 1),
            )

    def _nat_gateways(self, arns: list[str], window: Window) -> Iterator[ObservedResource]:
        for arn in arns:
            gateway = (("NatGatewayId", arn.rpartition("/")[2]),)
            metrics = [
                _Metric(namespace="AWS/NATGateway", name=name, statistic="Sum", dimensions=gateway)
                for name in ("BytesOutToDestination", "BytesInFromDestination")
            ]
            is_idle = self._is_quiet(metrics, window, at_most=_QUIET_NAT_BYTES)
            yield ObservedResource(
                kind=ResourceKind.NAT_GATEWAY, arn=arn, is_idle=is_idle, idle_since=window.since, unit="nat_gateway"
            )

    def _caches(self, arns: list[str], window: Window) -> Iterator[ObservedResource]:
        for arn in arns:
            found = self._client("elasticache").describe_replication_groups(ReplicationGroupId=arn.rpartition(":")[2])
            group = found["ReplicationGroups"][0]
            metrics = [
                _Metric(
                    namespace="AWS/ElastiCache", name=name, statistic="Sum", dimensions=(("CacheClusterId", member),)
                )
                for member in group["MemberClusters"]
                for name in ("GetTypeCmds", "SetTypeCmds", "EvalBasedCmds")
            ]
            yield ObservedResource(
                kind=ResourceKind.CACHE,
                arn=arn,
                is_idle=self._is_quiet(metrics, window),
                idle_since=window.since,
                unit=group.get("CacheNodeType", ""),
                quantity=Decimal(len(group["MemberClusters"])),
            )

    def _target_groups(self, arns: list[str], window: Window) -> Iterator[ObservedResource]:
        for arn in arns:
            described = self._client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
            balancers = [balancer.partition("loadbalancer/")[2] for balancer in described.get("LoadBalancerArns", [])]
            group = arn.rpartition(":")[2]
            metrics = [
                _Metric(
                    namespace="AWS/ApplicationELB",
                    name="RequestCount",
                    statistic="Sum",
                    dimensions=(("LoadBalancer", balancer), ("TargetGroup", group)),
                )
                for balancer in balancers
            ]
            # Reported only when there was a request (Source: ELB User Guide, "CloudWatch metrics"), so a group of today
            # looks idle: the time at which it was first seen decides.
            is_idle = self._is_quiet(metrics, window, absent_is_zero=True)
            yield ObservedResource(kind=ResourceKind.TARGET_GROUP, arn=arn, is_idle=is_idle)

    def _addresses(self, arns: list[str]) -> Iterator[ObservedResource]:
        by_id = {arn.rpartition("/")[2]: arn for arn in arns}
        if not by_id:
            return
        for address in self._client("ec2").describe_addresses(AllocationIds=list(by_id))["Addresses"]:
            yield ObservedResource(
                kind=ResourceKind.ADDRESS,
                arn=by_id[address["AllocationId"]],
                is_idle=not address.get("AssociationId"),
                unit="address",
            )

    def _volumes(self, arns: list[str]) -> Iterator[ObservedResource]:
        by_id = {arn.rpartition("/")[2]: arn for arn in arns}
        if not by_id:
            return
        for page in self._pages("ec2", "describe_volumes", VolumeIds=list(by_id)):
            for volume in page["Volumes"]:
                yield ObservedResource(
                    kind=ResourceKind.VOLUME,
                    arn=by_id[volume["VolumeId"]],
                    is_idle=volume["State"] == "available",
                    unit="volume",
                    quantity=Decimal(volume["Size"]),
                )

    def _log_groups(self, arns: list[str]) -> Iterator[ObservedResource]:
        for arn in arns:
            name = arn.removesuffix(":*").partition(":log-group:")[2]
            for group in self._client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]:
                if group["logGroupName"] == name:
                    yield ObservedResource(
                        kind=ResourceKind.LOG_GROUP,
                        arn=arn,
                        is_idle="retentionInDays" not in group,
                        unit="log_group",
                        quantity=(Decimal(group.get("storedBytes", 0)) / _GIGABYTE).quantize(Decimal("0.01")),
                    )

    def _spot_tasks(self, window: Window) -> Iterator[ObservedResource]:
        pages = self._pages("ecs", "list_tasks", cluster=self._stack_name, desiredStatus="RUNNING")
        arns = [arn for page in pages for arn in page["taskArns"]]
        for some in _in_portions(arns, _TASKS_AT_ONCE):
            described = self._client("ecs").describe_tasks(cluster=self._stack_name, tasks=some, include=["TAGS"])
            for task in described["tasks"]:
                is_spot = task.get("capacityProviderName") == "FARGATE_SPOT"
                if is_spot and "startedAt" in task and not _is_kept(task.get("tags", []), "key", "value"):
                    yield ObservedResource(
                        kind=ResourceKind.SPOT_TASK,
                        arn=task["taskArn"],
                        is_idle=task["startedAt"] <= window.until - IDLE_FOR,
                        idle_since=task["startedAt"],
                    )

    def _is_quiet(
        self, metrics: list[_Metric], window: Window, *, at_most: float = 0, absent_is_zero: bool = False
    ) -> bool | None:
        """Whether all of them were quiet; what one of them cannot tell, none of them can."""
        verdicts = [
            is_quiet(hourly, window, at_most=at_most, absent_is_zero=absent_is_zero)
            for some in _in_portions(metrics, _METRICS_AT_ONCE)
            for hourly in self._measurements(some, window)
        ]
        if False in verdicts:
            return False
        return None if None in verdicts else True

    def _measurements(self, metrics: list[_Metric], window: Window) -> list[Hourly]:
        queries: list[dict[str, Any]] = [
            {
                "Id": f"m{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": metric.namespace,
                        "MetricName": metric.name,
                        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
                    },
                    "Period": _HOUR_SECONDS,
                    "Stat": metric.statistic,
                },
            }
            for number, metric in enumerate(metrics)
        ]
        found: defaultdict[str, dict[datetime, float]] = defaultdict(dict)
        # One metric's values may be spread over pages.
        for page in self._pages(
            "cloudwatch", "get_metric_data", MetricDataQueries=queries, StartTime=window.since, EndTime=window.until
        ):
            for result in page["MetricDataResults"]:
                found[result["Id"]].update(zip(result["Timestamps"], result["Values"], strict=True))
        return [found[query["Id"]] for query in queries]

    def _pages(self, service: str, operation: str, **question: Any) -> Iterator[Any]:
        return iter(self._client(service).get_paginator(operation).paginate(**question))


def _kind_of(arn: str) -> ResourceKind | None:
    """Source: the ARN forms of each service's user guide."""
    service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
    kind = resource.replace("/", ":", 1).partition(":")[0]
    return _TYPES.get(f"{service}:{kind}")


def _is_kept(tags: Iterable[Mapping[str, str]], name: str, value: str) -> bool:
    return any(tag[name] == KEEP_TAG and tag[value].lower() == "true" for tag in tags)


def _in_portions(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
