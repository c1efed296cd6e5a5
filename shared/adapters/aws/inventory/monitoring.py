"""Monitoring that costs without telling anything: logs without end, alarms without data."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from shared.adapters.aws.inventory.candidate import Candidate, Stack
from shared.domain.idle import ObservedResource, ResourceKind

_GIGABYTE = 1024**3
# Source: Amazon CloudWatch Logs API reference, DescribeLogGroups: identifiers of one request.
_GROUPS_AT_ONCE = 50


def log_groups(stack: Stack) -> Iterator[Candidate]:
    """Log groups that keep everything for ever."""
    by_name = {
        arn.removesuffix(":*").partition(":log-group:")[2]: arn for arn in stack.tagged.get("logs:log-group", ())
    }
    names = sorted(by_name)
    for start in range(0, len(names), _GROUPS_AT_ONCE):
        some = names[start : start + _GROUPS_AT_ONCE]
        # An answer by identifiers comes in one page. Source: the same.
        for group in stack.client("logs").describe_log_groups(logGroupIdentifiers=some)["logGroups"]:
            name = group["logGroupName"]
            if name in some:
                yield Candidate(
                    resource=ObservedResource(
                        kind=ResourceKind.LOG_GROUP,
                        arn=by_name[name],
                        name=name,
                        is_idle="retentionInDays" not in group,
                        unit="log_group",
                        quantity=(Decimal(group.get("storedBytes", 0)) / _GIGABYTE).quantize(Decimal("0.01")),
                    )
                )


def alarms(stack: Stack) -> Iterator[Candidate]:
    """Alarms that have had nothing to judge for a day; paid by the metrics they watch."""
    own = stack.tagged.get("cloudwatch:alarm", ())
    if not own:
        return
    for page in stack.pages("cloudwatch", "describe_alarms", StateValue="INSUFFICIENT_DATA"):
        for alarm in page["MetricAlarms"]:
            if alarm["AlarmArn"] not in own:
                continue
            since = alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"]
            metrics = sum("MetricStat" in query for query in alarm.get("Metrics", [])) or 1
            yield Candidate(
                resource=ObservedResource(
                    kind=ResourceKind.ALARM,
                    arn=alarm["AlarmArn"],
                    name=alarm["AlarmName"],
                    is_idle=since <= stack.window.since,
                    idle_since=since,
                    unit="alarm_metric",
                    quantity=Decimal(metrics),
                )
            )
