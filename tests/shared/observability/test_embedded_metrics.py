"""Metrics in CloudWatch's embedded format."""

from __future__ import annotations

import pytest

from shared.observability import count, flush_metrics, timed
from shared.observability.embedded_metrics import SLOW_MS
from tests.shared.observability.lines import lines


@pytest.mark.requirement("9.2")
def test_metrics_are_written_in_the_embedded_format(capsys: pytest.CaptureFixture[str]) -> None:
    count("requests")
    with timed("database_query"):
        pass
    flush_metrics()

    (line,) = lines(capsys)
    (description,) = line["_aws"]["CloudWatchMetrics"]
    units = {metric["Name"]: metric["Unit"] for metric in description["Metrics"]}
    assert description["Namespace"] == "Vaani"
    assert units == {"requests": "Count", "database_query_ms": "Milliseconds"}
    assert line["requests"] == [1.0]


def test_a_failed_block_is_timed_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), timed("query"):
        raise ZeroDivisionError
    flush_metrics()

    assert "query_ms" in lines(capsys)[0]


def test_flushing_nothing_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    flush_metrics()

    assert capsys.readouterr().out == ""


@pytest.mark.requirement("9.7")
def test_a_slow_operation_is_logged_with_its_component_and_its_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SLOW_MS, "database_query", 0.0)

    with timed("database_query", operation="CallLog.open"):
        pass

    (line,) = lines(capsys)
    assert (line["message"], line["component"], line["operation"]) == (
        "operation_slow",
        "database_query",
        "CallLog.open",
    )
    assert line["elapsed_ms"] >= 0


def test_a_quick_operation_and_one_without_a_limit_are_only_measured(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("cache_operation", "summary"):
        with timed(name):
            pass

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "unit"), [("requests", "Count"), ("export_lag_seconds", "Seconds"), ("voice_notes_heard", "Count")]
)
def test_a_metric_has_the_unit_that_its_name_says(capsys: pytest.CaptureFixture[str], name: str, unit: str) -> None:
    count(name, 3)
    count(name, 3, channel="voice")
    flush_metrics()

    units = {line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"] for line in lines(capsys)}
    assert units == {unit}
