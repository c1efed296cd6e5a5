"""The dashboard is one that CloudWatch draws, and shows what the requirements ask to see.

Source: CloudWatch API Reference, "Dashboard body structure and syntax" (its rules for metric widgets, restated).
"""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from tests.template.stack import Node, Stack, attributes

_WORD = {"type": "string", "minLength": 1}
_STAT = {"type": "string", "pattern": r"^(SampleCount|Average|Sum|Minimum|Maximum|p\d{1,2}(\.\d+)?)$"}
_PERIOD = {"type": "integer", "multipleOf": 60, "minimum": 60, "maximum": 86_400}
_OPTIONS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "expression": _WORD,
        "id": {"type": "string", "pattern": r"^[a-z]\w*$"},
        "label": _WORD,
        "period": _PERIOD,
        "stat": _STAT,
        "visible": {"type": "boolean"},
        "yAxis": {"enum": ["left", "right"]},
    },
}
_ANNOTATION = {
    "type": "object",
    "required": ["value"],
    "additionalProperties": False,
    "properties": {"label": _WORD, "value": {"type": "number"}},
}
BODY: dict[str, Any] = {
    "type": "object",
    "required": ["widgets"],
    "additionalProperties": False,
    "properties": {
        "periodOverride": {"enum": ["auto", "inherit"]},
        "widgets": {
            "type": "array",
            "maxItems": 500,
            "items": {
                "type": "object",
                "required": ["type", "properties"],
                "additionalProperties": False,
                "properties": {
                    "type": {"const": "metric"},
                    "x": {"type": "integer", "minimum": 0, "maximum": 23},
                    "y": {"type": "integer", "minimum": 0},
                    "width": {"type": "integer", "minimum": 1, "maximum": 24},
                    "height": {"type": "integer", "minimum": 1, "maximum": 1000},
                    "properties": {
                        "type": "object",
                        "required": ["region", "metrics", "title"],
                        "additionalProperties": False,
                        "properties": {
                            "annotations": {
                                "type": "object",
                                "additionalProperties": False,
                                "properties": {"horizontal": {"type": "array", "items": _ANNOTATION}},
                            },
                            "metrics": {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": 500,
                                "items": {"type": "array", "minItems": 1, "items": {"anyOf": [_WORD, _OPTIONS]}},
                            },
                            "period": _PERIOD,
                            "region": _WORD,
                            "stat": _STAT,
                            "title": _WORD,
                        },
                    },
                },
            },
        },
    },
}


def body(stack: Stack) -> Node:
    return json.loads(stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"])


def shown(stack: Stack) -> set[str]:
    """The names of all metrics that the dashboard shows."""
    entries = [entry for widget in body(stack)["widgets"] for entry in widget["properties"]["metrics"]]
    searched = {
        name
        for entry in entries
        for name in re.findall(r"MetricName=\"(\w+)\"", json.dumps(entry[0]).replace("\\", ""))
    }
    return searched | {entry[1] for entry in entries if isinstance(entry[0], str)}


def test_the_dashboard_is_one_that_cloudwatch_draws(stack: Stack) -> None:
    errors = list(jsonschema.Draft202012Validator(BODY).iter_errors(body(stack)))

    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_names_and_values_of_dimensions_stand_in_pairs_and_ids_once_a_widget(stack: Stack) -> None:
    for widget in body(stack)["widgets"]:
        entries = widget["properties"]["metrics"]
        for entry in entries:
            words = [word for word in entry if isinstance(word, str)]
            assert len(words) % 2 == 0
            assert all(isinstance(word, str) for word in entry[:-1])
        ids = [entry[0]["id"] for entry in entries if isinstance(entry[0], dict)]
        assert len(ids) == len(set(ids))


@pytest.mark.requirement("9.2")
def test_requests_failures_times_calls_and_capacity_are_seen(stack: Stack) -> None:
    assert shown(stack) >= {"requests", "request_errors", "request_ms", "active_calls", "call_capacity"}
    assert shown(stack) >= {"turn_own_ms", "voice_to_voice_ms", "update_sockets", "export_lag_seconds", "cost"}


@pytest.mark.requirement("9.7")
def test_the_latency_of_every_component_is_tracked_and_logged(stack: Stack) -> None:
    balancer = attributes(stack.properties("LoadBalancer"), "LoadBalancerAttributes")

    # Each line of the balancer's access log tells how long it, its target and the answer took.
    assert balancer["access_logs.s3.enabled"] == "true"
    assert shown(stack) >= {"TargetResponseTime", "request_ms", "database_query_ms", "cache_operation_ms"}
