"""Metrics in CloudWatch's embedded format."""

from __future__ import annotations

import pytest

from shared.observability import count, flush_metrics, timed
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
