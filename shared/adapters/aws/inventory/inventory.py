"""ResourceInventory over the tags that CloudFormation gives to the resources of a stack, and CloudWatch."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.adapters.aws.inventory.caches import caches
from shared.adapters.aws.inventory.candidate import Candidate, Stack
from shared.adapters.aws.inventory.databases import databases, proxies, snapshots
from shared.adapters.aws.inventory.measurements import Hourly, Metric, read_hourly
from shared.adapters.aws.inventory.monitoring import alarms, log_groups
from shared.adapters.aws.inventory.network import addresses, endpoints, firewalls, load_balancers, nat_gateways
from shared.adapters.aws.inventory.stored import recovery_points, secrets, unfinished_uploads, volumes
from shared.adapters.aws.inventory.tasks import tasks
from shared.domain.idle import KEEP_TAG, ResourceKind, Survey, Window, is_kept
from shared.errors import ProviderUnavailable
from shared.observability import logger

STACK_TAG = "aws:cloudformation:stack-name"
SERVICES = (
    "application-autoscaling",
    "backup",
    "cloudwatch",
    "ec2",
    "ecs",
    "elasticache",
    "elbv2",
    "logs",
    "rds",
    "resourcegroupstaggingapi",
    "s3",
    "secretsmanager",
    "wafv2",
)
_RESOURCES_AT_ONCE = 100
_FAILURES = (BotoCoreError, ClientError, KeyError, IndexError, ValueError)
SEARCHES: tuple[tuple[frozenset[ResourceKind], Callable[[Stack], Iterator[Candidate]]], ...] = (
    (frozenset({ResourceKind.DATABASE, ResourceKind.RESTORED_DATABASE}), databases),
    (frozenset({ResourceKind.DATABASE_PROXY}), proxies),
    (frozenset({ResourceKind.DATABASE_SNAPSHOT}), snapshots),
    (frozenset({ResourceKind.CACHE}), caches),
    (frozenset({ResourceKind.NAT_GATEWAY}), nat_gateways),
    (frozenset({ResourceKind.ADDRESS}), addresses),
    (frozenset({ResourceKind.ENDPOINT}), endpoints),
    (frozenset({ResourceKind.LOAD_BALANCER}), load_balancers),
    (frozenset({ResourceKind.FIREWALL}), firewalls),
    (frozenset({ResourceKind.BACKGROUND_TASK, ResourceKind.SERVICE_TASKS}), tasks),
    (frozenset({ResourceKind.VOLUME}), volumes),
    (frozenset({ResourceKind.UNFINISHED_UPLOAD}), unfinished_uploads),
    (frozenset({ResourceKind.RECOVERY_POINT}), recovery_points),
    (frozenset({ResourceKind.SECRET}), secrets),
    (frozenset({ResourceKind.LOG_GROUP}), log_groups),
    (frozenset({ResourceKind.ALARM}), alarms),
)


class AwsResourceInventory:
    """Implements `ResourceInventory` for the stack of this name, whose cluster bears the same name."""

    def __init__(self, stack_name: str, region: str, bucket: str, client: Callable[[str], Any]) -> None:
        self._stack_name = stack_name
        self._region = region
        self._bucket = bucket
        self._client = client

    async def observe(self, window: Window) -> Survey:
        """See `ResourceInventory.observe`."""
        try:
            return await asyncio.to_thread(self._observe, window)
        except _FAILURES as error:
            raise ProviderUnavailable("The resources of the stack are not known.") from error

    def _observe(self, window: Window) -> Survey:
        stack = self._stack(window)
        candidates: list[Candidate] = []
        unseen: set[ResourceKind] = set()
        for kinds, search in SEARCHES:
            try:
                candidates += search(stack)
            except _FAILURES as error:
                logger.warning("idle_search_failed", kinds=sorted(kinds), reason=_reason(error))
                unseen |= kinds
        measured = self._measured(candidates, window)
        return Survey(
            resources=tuple(candidate.settled(measured, window) for candidate in candidates),
            unseen=frozenset(unseen),
        )

    def _stack(self, window: Window) -> Stack:
        tagged: defaultdict[str, list[str]] = defaultdict(list)
        kept: set[str] = set()
        today = window.until.date()
        # All types, and chosen here: the names of types in filters differ from those in ARNs.
        pages = (
            self._client("resourcegroupstaggingapi")
            .get_paginator("get_resources")
            .paginate(
                TagFilters=[{"Key": STACK_TAG, "Values": [self._stack_name]}], ResourcesPerPage=_RESOURCES_AT_ONCE
            )
        )
        for page in pages:
            for resource in page["ResourceTagMappingList"]:
                arn = resource["ResourceARN"]
                if any(tag["Key"] == KEEP_TAG and is_kept(tag["Value"], today) for tag in resource["Tags"]):
                    kept.add(arn)
                else:
                    tagged[_type_of(arn)].append(arn)
        return Stack(
            name=self._stack_name,
            region=self._region,
            bucket=self._bucket,
            client=self._client,
            window=window,
            today=today,
            tagged=tagged,
            kept=frozenset(kept),
        )

    def _measured(self, candidates: list[Candidate], window: Window) -> dict[Metric, Hourly] | None:
        """The measurements of all together; None when they cannot be had, so that nobody takes silence for idleness."""
        metrics = [metric for candidate in candidates for metric in candidate.metrics]
        try:
            return read_hourly(self._client("cloudwatch"), metrics, window) if metrics else {}
        except _FAILURES as error:
            logger.warning("idle_measurements_unknown", reason=_reason(error))
            return None


def _type_of(arn: str) -> str:
    """Source: the ARN forms of each service's user guide."""
    service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
    return f"{service}:{resource.replace('/', ':', 1).partition(':')[0]}"


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__
