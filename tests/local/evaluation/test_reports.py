"""Results on the terminal and as JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

from local.evaluation.junit import write_junit
from local.evaluation.report import failure_of, line_of, table_of, verdict_of
from local.evaluation.result import Result

PASSED = Result(name="greeting", title="Hello", channel="whatsapp", tags=(), attempt=1, seconds=1.5)
FAILED = replace(
    PASSED,
    name="refund",
    attempt=2,
    problems=["the answer does not contain '\x00'", "billing answered"],
    failed_step=3,
    transcript=["user           When?"],
    ids=["conversation 42"],
)


def test_junit_counts_and_explains_failures(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.xml"

    write_junit(path, [PASSED, FAILED], seconds=3)

    suite = ET.parse(path).getroot()[0]  # noqa: S314 - our own file
    assert (suite.get("tests"), suite.get("failures"), suite.get("time")) == ("2", "1", "3.000")
    good, bad = suite
    assert good.find("failure") is None
    assert bad.get("name") == "refund (2)"
    failure = bad.find("failure")
    assert failure is not None
    assert "conversation 42" in (failure.text or "")
    assert "\x00" not in (failure.get("message") or "")


def test_failure_shows_the_step_the_transcript_and_what_to_look_up() -> None:
    told = failure_of(FAILED)

    assert "step 3" in told
    assert "When?" in told
    assert "✗ billing answered" in told
    assert "conversation 42" in told


def test_table_counts_how_often_each_scenario_passed() -> None:
    table = table_of([PASSED, replace(PASSED, attempt=2, problems=["x"])])

    assert "1/2" in table


def test_verdict_names_what_failed() -> None:
    assert "failed: refund" in verdict_of([PASSED, FAILED], 3)
    assert "failed" not in verdict_of([PASSED], 3)
    assert line_of(FAILED).strip().startswith("FAIL")
