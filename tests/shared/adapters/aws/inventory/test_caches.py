from __future__ import annotations

from decimal import Decimal

import pytest

from tests.shared.adapters.aws.inventory.cloud import OLD, QUIET, Cloud, arn

CACHE = arn("elasticache", "replicationgroup:vaani-cache")
NODES = {
    "MemberClusters": ["cache-1", "cache-2"],
    "CacheNodeType": "cache.t4g.small",
    "ReplicationGroupCreateTime": OLD,
}


@pytest.mark.requirement("16.5")
@pytest.mark.parametrize(("last_hour", "is_idle"), [(0.0, True), (1.0, False)])
async def test_a_cache_is_in_use_when_one_of_its_nodes_is(cloud: Cloud, last_hour: float, *, is_idle: bool) -> None:
    cloud.holds(CACHE)
    cloud.answer("elasticache", "describe_replication_groups", {"ReplicationGroups": [NODES]})
    cloud.measures(*([QUIET] * 7), [0.0] * 23 + [last_hour])

    (cache,) = await cloud.observe()

    assert (cache.is_idle, cache.quantity, cache.unit) == (is_idle, Decimal(2), "cache.t4g.small")
