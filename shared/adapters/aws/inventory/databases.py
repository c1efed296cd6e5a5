"""Databases: the stack's own, its proxy, copies and snapshots that somebody left behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from shared.adapters.aws.inventory.candidate import Candidate, Stack, quiet
from shared.adapters.aws.inventory.measurements import Hourly, Metric
from shared.domain.idle import ObservedResource, ResourceKind, Window, is_quiet

_NAMESPACE = "AWS/RDS"
_SNAPSHOTS_KEPT = timedelta(days=30)


def databases(stack: Stack) -> Iterator[Candidate]:
    """Instances of the stack, and copies of them: what is encrypted with the same key and bears no stack's tag."""
    own = {*stack.tagged.get("rds:db", ()), *(arn for arn in stack.kept if ":db:" in arn)}
    if not own:
        return
    found = [item for page in stack.pages("rds", "describe_db_instances") for item in page["DBInstances"]]
    keys = {item["KmsKeyId"] for item in found if item["DBInstanceArn"] in own and item.get("KmsKeyId")}
    proxies = [proxy["DBProxyName"] for proxy in _proxies(stack)]
    for item in found:
        if item["DBInstanceArn"] in stack.kept:
            continue
        if item["DBInstanceArn"] in own:
            yield _instance(item, proxies, stack)
        elif item.get("KmsKeyId") in keys and not stack.asks_to_keep(item.get("TagList", [])):
            yield _copy(item, stack)


def proxies(stack: Stack) -> Iterator[Candidate]:
    """They are paid for by the processors of their database: two for all but the largest class."""
    for proxy in _proxies(stack):
        clients = _by_proxy(proxy["DBProxyName"], "ClientConnections", "Maximum")
        yield Candidate(
            resource=ObservedResource(
                kind=ResourceKind.DATABASE_PROXY,
                arn=proxy["DBProxyArn"],
                name=proxy["DBProxyName"],
                is_idle=None,
                idle_since=stack.window.since,
                created_at=proxy.get("CreatedDate"),
                unit="proxy_vcpu",
                quantity=Decimal(2),
            ),
            metrics=(clients,),
            settle=quiet(),
        )


def snapshots(stack: Stack) -> Iterator[Candidate]:
    """Those that people took of the stack's databases; the automatic ones end by themselves."""
    names = {arn.rpartition(":")[2] for arn in stack.tagged.get("rds:db", ())}
    if not names:
        return
    for page in stack.pages("rds", "describe_db_snapshots", SnapshotType="manual"):
        for item in page["DBSnapshots"]:
            if item["DBInstanceIdentifier"] not in names or stack.asks_to_keep(item.get("TagList", [])):
                continue
            useful_until = item["SnapshotCreateTime"] + _SNAPSHOTS_KEPT
            yield Candidate(
                resource=ObservedResource(
                    kind=ResourceKind.DATABASE_SNAPSHOT,
                    arn=item["DBSnapshotArn"],
                    name=item["DBSnapshotIdentifier"],
                    is_idle=useful_until <= stack.window.since,
                    idle_since=useful_until,
                    unit="database_snapshot",
                    quantity=Decimal(item["AllocatedStorage"]),
                )
            )


def _instance(item: Any, proxies: Sequence[str], stack: Stack) -> Candidate:
    pairs = [
        metric
        for name in proxies
        for metric in (_by_proxy(name, "QueryRequests", "Sum"), _by_proxy(name, "DatabaseConnections", "Maximum"))
    ]
    return Candidate(
        resource=_described(item, ResourceKind.DATABASE, stack),
        metrics=(_connections(item), *pairs),
        settle=_settle_behind_proxies,
    )


def _copy(item: Any, stack: Stack) -> Candidate:
    return Candidate(
        resource=_described(item, ResourceKind.RESTORED_DATABASE, stack),
        metrics=(_connections(item),),
        settle=quiet(),
    )


def _described(item: Any, kind: ResourceKind, stack: Stack) -> ObservedResource:
    return ObservedResource(
        kind=kind,
        arn=item["DBInstanceArn"],
        name=item["DBInstanceIdentifier"],
        is_idle=None,
        idle_since=stack.window.since,
        created_at=item.get("InstanceCreateTime"),
        unit=item["DBInstanceClass"],
        quantity=Decimal(2 if item.get("MultiAZ") else 1),
    )


def _settle_behind_proxies(resource: ObservedResource, hourly: Sequence[Hourly], window: Window) -> ObservedResource:
    """A proxy keeps connections open that nobody uses: what counts is its queries, and who comes past it."""
    own, *pairs = hourly
    queries, held = pairs[::2], pairs[1::2]
    past_proxies = {hour: value - sum(each.get(hour, 0) for each in held) for hour, value in own.items()}
    if any(is_quiet(each, window, at_most=0, absent_is_zero=True) is False for each in queries):
        return replace(resource, is_idle=False)
    return replace(resource, is_idle=is_quiet(past_proxies, window, at_most=0, absent_is_zero=False))


def _connections(item: Any) -> Metric:
    return Metric(
        namespace=_NAMESPACE,
        name="DatabaseConnections",
        statistic="Maximum",
        dimensions=(("DBInstanceIdentifier", item["DBInstanceIdentifier"]),),
    )


def _by_proxy(proxy: str, name: str, statistic: str) -> Metric:
    return Metric(namespace=_NAMESPACE, name=name, statistic=statistic, dimensions=(("ProxyName", proxy),))


def _proxies(stack: Stack) -> list[Any]:
    own = stack.tagged.get("rds:db-proxy", ())
    if not own:
        return []
    pages = stack.pages("rds", "describe_db_proxies")
    return [proxy for page in pages for proxy in page["DBProxies"] if proxy["DBProxyArn"] in own]
