"""Caches: groups of nodes, all of which must have been silent."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from shared.adapters.aws.inventory.candidate import Candidate, Stack, quiet
from shared.adapters.aws.inventory.measurements import Metric
from shared.domain.idle import ObservedResource, ResourceKind

# Commands for data: PINGs of health checks count in none of them. Source: ElastiCache User Guide, "Metrics for Valkey".
_COMMANDS = ("GetTypeCmds", "SetTypeCmds", "EvalBasedCmds", "PubSubBasedCmds")


def caches(stack: Stack) -> Iterator[Candidate]:
    """Replication groups."""
    for arn in stack.tagged.get("elasticache:replicationgroup", ()):
        name = arn.rpartition(":")[2]
        found = stack.client("elasticache").describe_replication_groups(ReplicationGroupId=name)
        group = found["ReplicationGroups"][0]
        yield Candidate(
            resource=ObservedResource(
                kind=ResourceKind.CACHE,
                arn=arn,
                name=name,
                is_idle=None,
                idle_since=stack.window.since,
                created_at=group.get("ReplicationGroupCreateTime"),
                unit=group.get("CacheNodeType", ""),
                quantity=Decimal(len(group["MemberClusters"])),
            ),
            metrics=tuple(
                Metric(
                    namespace="AWS/ElastiCache", name=command, statistic="Sum", dimensions=(("CacheClusterId", member),)
                )
                for member in group["MemberClusters"]
                for command in _COMMANDS
            ),
            settle=quiet(),
        )
