"""Reads metrics in CloudWatch's embedded format out of log lines, as CloudWatch Logs does.

Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from local.alarms.metric import Metric, Samples


def read_lines(lines: Iterable[str], into: Samples) -> int:
    """Keep the metrics of every line that holds some; returns how many lines did. Other lines are passed over."""
    read = 0
    for line in lines:
        if '"_aws"' not in line:
            continue
        try:
            document = json.loads(line)
        except ValueError:  # The beginning of a line that is being written, or was cut off.
            continue
        if isinstance(document, dict) and isinstance(document.get("_aws"), dict):
            _keep(document, into)
            read += 1
    return read


def _keep(document: dict[str, Any], into: Samples) -> None:
    at_seconds = document["_aws"]["Timestamp"] / 1000
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: document[name] for name in names}
            for definition in directive["Metrics"]:
                values = document[definition["Name"]]
                metric = Metric.of(directive["Namespace"], definition["Name"], dimensions)
                for value in values if isinstance(values, list) else [values]:
                    if math.isfinite(value):
                        into.add(metric, at_seconds, float(value))
