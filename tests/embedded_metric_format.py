"""CloudWatch's embedded metric format as its specification states it, to hold against every line that we write.

Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format" (the rules of its JSON schema, restated;
up to 30 dimensions since 2022); CloudWatch API Reference, MetricDatum (timestamps from two weeks ago to two hours from
now); Amazon CloudWatch Logs quotas (an event of 1 MB; Lambda cuts lines at 256 KB).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import jsonschema

LONGEST_LINE_BYTES = 256 * 1024
OLDEST_MS = 14 * 24 * 3600 * 1000
NEWEST_MS = 2 * 3600 * 1000
_QUANTITIES = [
    f"{prefix}{unit}".capitalize() for unit in ("bytes", "bits") for prefix in ("", "kilo", "mega", "giga", "tera")
]
UNITS = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Percent",
    "Count",
    "None",
    "Count/Second",
    *_QUANTITIES,
    *(f"{quantity}/Second" for quantity in _QUANTITIES),
]
_NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x20-\x7e]*\S[\x20-\x7e]*$"}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer", "minimum": 0},
                "CloudWatchMetrics": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "additionalProperties": False,
                        "properties": {
                            "Namespace": {**_NAME, "pattern": r"^[0-9A-Za-z.\-_/#]+$"},
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {"type": "array", "maxItems": 30, "uniqueItems": True, "items": _NAME},
                            },
                            "Metrics": {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "additionalProperties": False,
                                    "properties": {
                                        "Name": _NAME,
                                        "Unit": {"enum": UNITS},
                                        "StorageResolution": {"enum": [1, 60]},
                                    },
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}
_validator = jsonschema.Draft202012Validator(SCHEMA)


def problems(line: str, *, now_ms: float) -> list[str]:
    """Why CloudWatch would not take a line; nothing when it would take all of it."""
    document = json.loads(line)
    found = [f"{error.json_path}: {error.message}" for error in _validator.iter_errors(document)]
    return found or [*_of_the_line(line, document, now_ms), *_of_the_targets(document)]


def _of_the_line(line: str, document: dict[str, Any], now_ms: float) -> Iterator[str]:
    if len(line.encode()) > LONGEST_LINE_BYTES:
        yield f"{len(line.encode())} bytes"
    age_ms = now_ms - document["_aws"]["Timestamp"]
    if not -NEWEST_MS <= age_ms <= OLDEST_MS:
        yield f"measured {age_ms} ms ago"


def _of_the_targets(document: dict[str, Any]) -> Iterator[str]:
    """What the schema cannot say: that what is named stands in the line, and is of the right kind."""
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for name in {name for names in directive["Dimensions"] for name in names}:
            value = document.get(name)
            if not isinstance(value, str) or not 1 <= len(value) <= 1024 or not value.isascii() or not value.strip():
                yield f"the dimension {name} is {value!r}"
        for metric in directive["Metrics"]:
            values = document.get(metric["Name"])
            several = values if isinstance(values, list) else [values]
            if not 1 <= len(several) <= 100:
                yield f"{metric['Name']} has {len(several)} values"
            if not all(_is_number(value) for value in several):
                yield f"{metric['Name']} is no finite number"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
