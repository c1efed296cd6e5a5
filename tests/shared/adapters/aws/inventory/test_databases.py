from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.idle import KEEP_TAG, ResourceKind
from tests.shared.adapters.aws.inventory.cloud import OLD, QUIET, WINDOW, YOUNG, Cloud, arn

DATABASE = arn("rds", "db:vaani-dev-database")
PROXY = arn("rds", "db-proxy:prx-1")
KEY = arn("kms", "key/1")


def an_instance(name: str = "vaani-dev-database", *, created: datetime = OLD, **given: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": name,
        "DBInstanceArn": arn("rds", f"db:{name}"),
        "DBInstanceClass": "db.t4g.medium",
        "InstanceCreateTime": created,
        "KmsKeyId": KEY,
        **given,
    }


def a_snapshot(name: str, *, days: int, of: str = "vaani-dev-database", **given: Any) -> dict[str, Any]:
    return {
        "DBSnapshotIdentifier": name,
        "DBSnapshotArn": arn("rds", f"snapshot:{name}"),
        "DBInstanceIdentifier": of,
        "SnapshotCreateTime": WINDOW.since - timedelta(days=days),
        "AllocatedStorage": 50,
        **given,
    }


def describe(cloud: Cloud, *instances: dict[str, Any], snapshots: tuple[dict[str, Any], ...] = ()) -> None:
    cloud.answer("rds", "describe_db_instances", {"DBInstances": list(instances)})
    cloud.answer("rds", "describe_db_snapshots", {"DBSnapshots": list(snapshots)}, {"SnapshotType": "manual"})


@pytest.mark.requirement("16.5")
@pytest.mark.parametrize(
    ("connections", "is_idle"), [(QUIET, True), ([0.0] * 23 + [2.0], False), ([0.0] * 23, None), ([], None)]
)
async def test_a_database_is_idle_without_connections_in_all_hours(
    cloud: Cloud,
    connections: list[float],
    is_idle: bool | None,  # noqa: FBT001
) -> None:
    cloud.holds(DATABASE)
    describe(cloud, an_instance(MultiAZ=True))
    cloud.measures(connections)

    (database,) = await cloud.observe()

    assert database.is_idle is is_idle
    assert (database.unit, database.quantity, database.idle_since) == ("db.t4g.medium", Decimal(2), WINDOW.since)


async def test_a_database_made_today_is_not_judged(cloud: Cloud) -> None:
    cloud.holds(DATABASE)
    describe(cloud, an_instance(created=YOUNG))
    cloud.measures(QUIET)

    (database,) = await cloud.observe()

    assert database.is_idle is None


@pytest.mark.requirement("16.5")
@pytest.mark.parametrize(
    ("queries", "own", "is_idle"),
    [
        (QUIET, [5.0] * 24, True),
        ([0.0] * 23 + [1.0], [5.0] * 24, False),
        (QUIET, [5.0] * 23 + [6.0], False),
        ([], [5.0] * 24, True),
        (QUIET, [5.0] * 23, None),
    ],
    ids=["held by the proxy only", "a query", "somebody past the proxy", "no queries reported", "an hour missing"],
)
async def test_connections_that_only_the_proxy_holds_are_no_use(
    cloud: Cloud,
    queries: list[float],
    own: list[float],
    is_idle: bool | None,  # noqa: FBT001
) -> None:
    cloud.holds(DATABASE, PROXY)
    cloud.answer("rds", "describe_db_instances", {"DBInstances": [an_instance()]})
    proxies = {"DBProxies": [{"DBProxyName": "vaani-dev-proxy", "DBProxyArn": PROXY, "CreatedDate": OLD}]}
    cloud.answer("rds", "describe_db_proxies", proxies)
    cloud.answer("rds", "describe_db_proxies", proxies)
    cloud.answer("rds", "describe_db_snapshots", {"DBSnapshots": []})
    # In the order of their names: clients of the proxy, connections by instance and by proxy, queries of the proxy.
    cloud.measures(QUIET, own, [5.0] * 24, queries)

    database, proxy = await cloud.observe()

    assert database.is_idle is is_idle
    assert (proxy.kind, proxy.is_idle, proxy.name) == (ResourceKind.DATABASE_PROXY, True, "vaani-dev-proxy")


async def test_a_copy_that_a_restore_test_left_behind_is_known_by_the_stacks_key(cloud: Cloud) -> None:
    cloud.holds(DATABASE)
    kept = an_instance("kept", TagList=[{"Key": KEEP_TAG, "Value": "true"}])
    describe(
        cloud,
        an_instance(),
        an_instance("awsbackup-restore-test-1"),
        an_instance("restored-just-now", created=YOUNG),
        an_instance("somebody-elses", KmsKeyId=arn("kms", "key/2")),
        kept,
    )
    cloud.measures(QUIET, QUIET, QUIET)

    copies = await cloud.observe(ResourceKind.RESTORED_DATABASE)

    assert {copy.name: copy.is_idle for copy in copies} == {
        "awsbackup-restore-test-1": True,
        "restored-just-now": None,
    }


async def test_snapshots_taken_by_hand_are_old_after_thirty_days(cloud: Cloud) -> None:
    cloud.holds(DATABASE)
    snapshots = (
        a_snapshot("old", days=31),
        a_snapshot("young", days=29),
        a_snapshot("others", days=99, of="other-database"),
        a_snapshot("kept", days=99, TagList=[{"Key": KEEP_TAG, "Value": "until:2026-12-31"}]),
    )
    describe(cloud, an_instance(), snapshots=snapshots)
    cloud.measures([1.0] * 24)

    found = await cloud.observe(ResourceKind.DATABASE_SNAPSHOT)

    assert {item.name: item.is_idle for item in found} == {"old": True, "young": False}
    assert found[0].quantity == Decimal(50)
