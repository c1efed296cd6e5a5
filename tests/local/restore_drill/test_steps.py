from __future__ import annotations

import pytest

from local.restore_drill.steps import Report, RestoreRefused, Step, as_text
from local.terminal import Paint


def test_a_step_shows_what_it_proved_and_what_is_wrong() -> None:
    step = Step(name="restore", seconds=1.25)
    step.expect("three rows", is_so=True, otherwise="no rows")
    step.expect("four rows", is_so=False, otherwise="the fourth row is missing")

    text = as_text(step, Paint()).splitlines()

    assert text[0].startswith("FAIL  restore")
    assert [line.strip() for line in text[1:]] == ["three rows", "! the fourth row is missing"]


def test_a_refusal_is_the_problem_of_its_step_and_ends_the_drill() -> None:
    shown: list[Step] = []
    report = Report(show=shown.append)

    with pytest.raises(RestoreRefused), report.step("restore"):
        raise RestoreRefused("The base backup is damaged.")

    assert report.problems == ["restore: The base backup is damaged."]
    assert shown == report.steps
    assert not report.as_json()["passed"]


def test_a_report_without_problems_has_passed() -> None:
    report = Report()
    with report.step("restore") as step:
        step.facts.append("all there")

    assert report.as_json()["passed"]
