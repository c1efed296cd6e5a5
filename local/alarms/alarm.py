"""An alarm as the template defines it, read into a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from local.alarms.metric import Metric, UnsupportedError, percentile
from local.template import Template

PRODUCTION = {
    "Environment": "production",
    "DomainName": "agents.example.in",
    "HostedZoneId": "Z0EXAMPLE",
    "StreamImageUri": "image",
}
"""The stack whose alarms are judged."""
_ONE_METRIC = "metric"
_PROPERTIES = {
    "AlarmActions",
    "AlarmDescription",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationPeriods",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "TreatMissingData",
}


class TreatMissing(Enum):
    """What is made of periods without data."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A statistic of a metric."""

    metric: Metric
    statistic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What is watched, and when it is too much.

    Attributes:
        queries: the metrics, by id.
        expressions: metric math, by id, in the order of the template.
        watched: the id whose series is compared with the threshold.
        least_samples: fewer values in a period than this change no state; for percentiles that ignore few values.
    """

    name: str
    description: str
    queries: Mapping[str, Query]
    expressions: Mapping[str, str]
    watched: str
    period_seconds: int
    evaluation_periods: int
    datapoints_to_alarm: int
    comparison: str
    threshold: float
    treat_missing: TreatMissing
    least_samples: int = 0

    @property
    def metrics(self) -> frozenset[Metric]:
        """All metrics that it looks at."""
        return frozenset(query.metric for query in self.queries.values())


class _Names(dict[str, str]):
    """What stands for a resource that exists only in AWS: its logical name, and that of the attribute."""

    def __init__(self, resource: str) -> None:
        super().__init__()
        self._resource = resource

    def __missing__(self, attribute: str) -> str:
        return self._resource if attribute == "Ref" else f"{self._resource}.{attribute}"


def read_alarms(document: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> list[Alarm]:
    """The alarms of a parsed template; names that AWS would give are the logical ones (`Cluster`, `Queue.QueueName`).

    Raises:
        UnsupportedError: an alarm uses what is not judged here.
    """
    names = {name: _Names(name) for name in document["Resources"]}
    template = Template(document, parameters={**PRODUCTION, **(parameters or {})}, attributes=names)
    found = template.resources("AWS::CloudWatch::Alarm")
    return [read_alarm(name, template.resolve(properties)) for name, properties in found.items()]


def read_alarm(name: str, properties: Mapping[str, Any]) -> Alarm:
    """One alarm from its properties, without references.

    Raises:
        UnsupportedError: it uses what is not judged here.
    """
    if unknown := properties.keys() - _PROPERTIES:
        raise UnsupportedError(f"{name}: {', '.join(sorted(unknown))}")
    queries, expressions, watched, periods = _watched(name, properties)
    if len(periods) != 1:
        raise UnsupportedError(f"{name}: metrics with different periods")
    number = int(properties["EvaluationPeriods"])
    return Alarm(
        name=name,
        description=str(properties.get("AlarmDescription", "")),
        queries=queries,
        expressions=expressions,
        watched=watched,
        period_seconds=periods.pop(),
        evaluation_periods=number,
        datapoints_to_alarm=int(properties.get("DatapointsToAlarm", number)),
        comparison=str(properties["ComparisonOperator"]),
        threshold=float(properties["Threshold"]),
        treat_missing=TreatMissing(properties.get("TreatMissingData", "missing")),
        least_samples=_least_samples(properties),
    )


def _watched(name: str, properties: Mapping[str, Any]) -> tuple[dict[str, Query], dict[str, str], str, set[int]]:
    if "Metrics" not in properties:
        return {_ONE_METRIC: _query(properties)}, {}, _ONE_METRIC, {int(properties["Period"])}
    queries: dict[str, Query] = {}
    expressions: dict[str, str] = {}
    periods = set()
    returned = []
    for entry in properties["Metrics"]:
        if entry.get("ReturnData", True):
            returned.append(str(entry["Id"]))
        if "Expression" in entry:
            expressions[entry["Id"]] = str(entry["Expression"])
        else:
            stat = entry["MetricStat"]
            queries[entry["Id"]] = _query({**stat["Metric"], "Statistic": stat["Stat"]})
            periods.add(int(stat["Period"]))
    if len(returned) != 1:
        raise UnsupportedError(f"{name}: an alarm compares exactly one series, not {len(returned)}")
    return queries, expressions, returned[0], periods


def _query(properties: Mapping[str, Any]) -> Query:
    dimensions = {item["Name"]: str(item["Value"]) for item in properties.get("Dimensions", [])}
    metric = Metric.of(str(properties["Namespace"]), str(properties["MetricName"]), dimensions)
    return Query(metric=metric, statistic=str(properties.get("Statistic") or properties["ExtendedStatistic"]))


def _least_samples(properties: Mapping[str, Any]) -> int:
    """Source: Amazon CloudWatch User Guide, "Percentile-based CloudWatch alarms and low data samples"."""
    percent = percentile(str(properties.get("ExtendedStatistic", "")))
    if percent is None or properties.get("EvaluateLowSampleCountPercentile", "evaluate") == "evaluate":
        return 0
    rare = min(percent, 100 - percent) / 100
    return round(10 / rare) if rare else 0
