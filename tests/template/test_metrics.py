"""Alarms and dashboard watch metrics that the code really writes: same name, same dimensions, nothing misspelt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.template.emitted import OUR_NAMESPACE, Metric, metrics
from tests.template.stack import Node, Stack

SEARCH = re.compile(r"SEARCH\('\{Vaani,(?P<dimensions>[a-z,]+)\} MetricName=\"(?P<name>\w+)\"'")


def watched_by_alarms(stack: Stack) -> Iterator[Metric]:
    for alarm in stack.of_type("AWS::CloudWatch::Alarm").values():
        queries = [item["MetricStat"]["Metric"] for item in alarm.get("Metrics", []) if "MetricStat" in item]
        for metric in [*queries, alarm]:
            if metric.get("Namespace") == OUR_NAMESPACE:
                yield metric["MetricName"], frozenset((item["Name"], item["Value"]) for item in metric["Dimensions"])


def widgets(stack: Stack) -> list[Node]:
    body: list[Node] = json.loads(stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"])["widgets"]
    return body


def watched_by_dashboard(stack: Stack) -> Iterator[Metric]:
    for widget in widgets(stack):
        for entry in widget["properties"]["metrics"]:
            if isinstance(entry[0], dict):
                continue
            namespace, name, *rest = entry
            pairs = [word for word in rest if isinstance(word, str)]
            if namespace == OUR_NAMESPACE:
                yield name, frozenset(zip(pairs[::2], pairs[1::2], strict=True))


def searched_by_dashboard(stack: Stack) -> Iterator[Metric]:
    """What widgets find by expressions: a name, and the dimensions that it has to have, whatever their values."""
    for widget in widgets(stack):
        for entry in widget["properties"]["metrics"]:
            if isinstance(entry[0], dict):
                found = SEARCH.search(entry[0]["expression"])
                assert found is not None
                yield found["name"], frozenset((name, "") for name in found["dimensions"].split(","))


def missing(watched: Iterator[Metric]) -> set[Metric]:
    return {metric for metric in watched if metric not in metrics()}


@pytest.mark.requirement("9.2")
def test_every_alarm_watches_a_metric_that_the_code_writes(stack: Stack) -> None:
    watched = {name for name, _ in watched_by_alarms(stack)}

    assert {"active_calls", "call_capacity", "voice_to_voice_ms", "restorable_lag_seconds"} <= watched
    assert missing(watched_by_alarms(stack)) == set()


def test_the_dashboard_shows_metrics_that_the_code_writes(stack: Stack) -> None:
    assert len(widgets(stack)) >= 10
    assert missing(watched_by_dashboard(stack)) == set()


def test_the_dashboard_finds_the_metrics_of_every_agent_and_of_everybody_who_was_refused(stack: Stack) -> None:
    searched = set(searched_by_dashboard(stack))

    written = {(name, frozenset((key, "") for key, _ in pairs)) for name, pairs in metrics()}
    assert {name for name, _ in searched} >= {"turns", "failures", "turn_total_ms", "cost_microusd"}
    assert {name for name, _ in searched} >= {"rate_limit_exceeded", "webhook_rejected", "counter_unavailable"}
    assert searched <= written


def test_no_two_widgets_of_the_dashboard_overlap(stack: Stack) -> None:
    places = [
        (x, y)
        for widget in widgets(stack)
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24


@pytest.mark.parametrize(
    ("name", "metric", "threshold"),
    [
        ("RecoveryPointOld", "restorable_lag_seconds", 300),
        ("RestoreSlow", "restore_duration_seconds", 4 * 3600),
        ("RestoreUntested", "restore_test_age_days", 35),
    ],
)
def test_promises_in_time_alarm_when_they_are_broken(stack: Stack, name: str, metric: str, threshold: int) -> None:
    alarm = stack.properties(name)

    assert (alarm["MetricName"], alarm["Threshold"]) == (metric, threshold)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


@pytest.mark.requirement("15.5")
def test_a_recovery_point_that_nobody_measures_alarms_too(stack: Stack) -> None:
    assert stack.properties("RecoveryPointOld")["TreatMissingData"] == "breaching"
    assert stack.properties("RestoreCheckEveryFiveMinutes")["ScheduleExpression"] == "rate(5 minutes)"


@pytest.mark.requirement("15.4")
def test_a_month_without_a_good_restore_test_alarms_and_so_does_not_knowing(stack: Stack) -> None:
    assert stack.properties("RestoreUntested")["TreatMissingData"] == "breaching"
    assert stack.properties("RestoreNotWhole")["MetricName"] == "restore_succeeded"


def test_four_fifths_of_the_connections_of_each_size_of_database_alarm(template: dict[str, Node]) -> None:
    sizes = template["Mappings"]["DatabaseClasses"]

    assert set(template["Parameters"]["DatabaseInstanceClass"]["AllowedValues"]) == sizes.keys()
    for name, size in sizes.items():
        stack = Stack.with_parameters(template, DatabaseInstanceClass=name)
        limit = int(stack.properties("DatabaseParameters")["Parameters"]["max_connections"])
        assert stack.properties("DatabaseConnectionsHigh")["Threshold"] == limit * 4 // 5 == size["ConnectionsAlarm"]


def test_the_database_has_a_connection_for_every_pool_behind_the_proxy(stack: Stack) -> None:
    limit = int(stack.properties("DatabaseParameters")["Parameters"]["max_connections"])
    shared = stack.properties("DatabaseProxyTargets")["ConnectionPoolConfigurationInfo"]["MaxConnectionsPercent"]

    tasks = stack.properties("StreamScaling")["MaxCapacity"] * 20

    assert limit * shared / 100 >= tasks
