"""`make requirements`: which tests prove which acceptance criterion, and whether they pass.

`python -m tests.requirements_table` runs the tests that claim a criterion (twenty minutes) and prints each criterion
with them. It fails when one of them fails, when a criterion has no test that ran, or when a claim names no criterion.
"""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CRITERIA_FILE = Path(__file__).with_name("requirements.toml")
RANK = {"passed": 0, "skipped": 1, "failed": 2}


def read_criteria(file: Path = CRITERIA_FILE) -> dict[str, str]:
    """Titles by number ("6.2"), in order."""
    sections = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        f"{section}.{number}": title
        for section, titles in sections.items()
        for number, title in titles.items()
        if number != "title"
    }


# Compared by identity: pytest keeps its plugins in sets.
@dataclass(slots=True, eq=False)
class Claims:
    """pytest plugin that keeps only the tests that claim a criterion and notes how they ended."""

    criteria_of: dict[str, list[str]] = field(default_factory=dict)
    outcome_of: dict[str, str] = field(default_factory=dict)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Drop the other tests."""
        for item in items:
            claimed = [str(number) for mark in item.iter_markers("requirement") for number in mark.args]
            if claimed:
                self.criteria_of[item.nodeid] = claimed
        others = [item for item in items if item.nodeid not in self.criteria_of]
        items[:] = [item for item in items if item.nodeid in self.criteria_of]
        config.hook.pytest_deselected(items=others)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the worst outcome of set-up, test and tear-down."""
        known = self.outcome_of.get(report.nodeid, "passed")
        self.outcome_of[report.nodeid] = max(known, report.outcome, key=RANK.__getitem__)

    def results(self) -> dict[str, dict[str, str]]:
        """How the tests of each claimed criterion ended; the cases of a test are one."""
        results: dict[str, dict[str, str]] = defaultdict(dict)
        for case, criteria in self.criteria_of.items():
            test = case.partition("[")[0]
            outcome = self.outcome_of.get(case, "failed")
            for number in criteria:
                results[number][test] = max(results[number].get(test, outcome), outcome, key=_weight)
        return results


def _weight(outcome: str) -> tuple[bool, bool]:
    """A failure weighs most; of the rest, a case that ran tells more than one that was skipped."""
    return outcome == "failed", outcome == "passed"


def result_of(outcomes: Collection[str]) -> str:
    """One word for all tests of a criterion: a skipped test proves nothing."""
    if not outcomes:
        return "bare"
    if "failed" in outcomes:
        return "BROKEN"
    return "proved" if "passed" in outcomes else "skipped"


def print_table(criteria: dict[str, str], results: dict[str, dict[str, str]]) -> bool:
    """Print each criterion with its tests, and what is wrong at the end; True when every criterion is proved."""
    summary = {number: result_of(results.get(number, {}).values()) for number in criteria}
    for number, title in criteria.items():
        print(f"\n{number:5} {title:62} {summary[number]}")
        for test, outcome in sorted(results.get(number, {}).items()):
            print(f"      {test}{'' if outcome == 'passed' else f'  {outcome}'}")
    unknown = sorted(results.keys() - criteria.keys())
    counts = {word: list(summary.values()).count(word) for word in ("proved", "skipped", "BROKEN", "bare")}
    print(f"\n{len(criteria)} criteria: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    for word, meaning in (("BROKEN", "a test fails"), ("skipped", "no test ran"), ("bare", "no test")):
        if concerned := [number for number, result in summary.items() if result == word]:
            print(f"{meaning}: {' '.join(concerned)}")
    if unknown:
        print(f"claimed, but no criterion: {' '.join(unknown)}")
    return counts["proved"] == len(criteria) and not unknown


def main() -> int:
    """Run the claiming tests and print the table; returns the exit status."""
    claims = Claims()
    status = pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[claims])
    is_whole = print_table(read_criteria(), claims.results())
    has_run = status in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}
    return 0 if is_whole and has_run else 1


if __name__ == "__main__":
    sys.exit(main())
