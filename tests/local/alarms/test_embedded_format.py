"""Metrics are found in log files as CloudWatch finds them, whatever else stands there."""

from __future__ import annotations

import json

from local.alarms.embedded_format import read_lines
from local.alarms.metric import Metric, Samples

CALLS = Metric.of("Vaani", "calls", {"service": "stream_service"})


def line(values: object, dimensions: list[list[str]] | None = None) -> str:
    directive = {"Namespace": "Vaani", "Dimensions": dimensions or [["service"]], "Metrics": [{"Name": "calls"}]}
    head = {"Timestamp": 1_800_000_000_500, "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": head, "service": "stream_service", "channel": "voice", "calls": values})


def test_one_value_and_many_are_read_with_their_moment() -> None:
    samples = Samples()

    read = read_lines([line([1, 2]), '{"message": "call_started"}', line(3)], samples)

    assert read == 2
    assert samples.of(CALLS) == [(1_800_000_000.5, 1), (1_800_000_000.5, 2), (1_800_000_000.5, 3)]


def test_each_set_of_dimensions_is_a_metric() -> None:
    samples = Samples()

    read_lines([line(1, [["service"], ["service", "channel"]])], samples)

    assert samples.metrics == {CALLS, Metric.of("Vaani", "calls", {"service": "stream_service", "channel": "voice"})}


def test_a_line_that_was_cut_off_is_passed_over() -> None:
    samples = Samples()

    assert read_lines([line(1)[:-20], "not json at all"], samples) == 0
    assert samples.span is None
