"""Hourly values of many CloudWatch metrics, asked for together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from shared.domain.idle import Window

_HOUR_SECONDS = 3600
# Source: Amazon CloudWatch API reference, GetMetricData: queries of one request.
_METRICS_AT_ONCE = 500
Hourly: TypeAlias = Mapping[datetime, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric and how its values within an hour become one."""

    namespace: str
    name: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]


def read_hourly(cloudwatch: Any, metrics: Iterable[Metric], window: Window) -> dict[Metric, Hourly]:
    """The values of each metric by the beginning of their hour; hours without any are absent."""
    wanted = sorted(set(metrics), key=repr)
    found: defaultdict[Metric, dict[datetime, float]] = defaultdict(dict)
    for start in range(0, len(wanted), _METRICS_AT_ONCE):
        some = wanted[start : start + _METRICS_AT_ONCE]
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[_query(number, metric) for number, metric in enumerate(some)],
            StartTime=window.since,
            EndTime=window.until,
        )
        for page in pages:
            # One metric's values may be spread over pages.
            for result in page["MetricDataResults"]:
                metric = some[int(result["Id"].removeprefix("m"))]
                found[metric].update(zip(result["Timestamps"], result["Values"], strict=True))
    return {metric: found[metric] for metric in wanted}


def _query(number: int, metric: Metric) -> dict[str, Any]:
    return {
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
