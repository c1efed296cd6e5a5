"""`make requirements`: which tests prove which acceptance criterion, and whether they pass.

`python -m tests.requirements_table` runs the tests that claim a criterion and prints a line for each. It fails when a
claimed criterion's test fails, or a claim names no criterion; criteria that no test claims are counted and listed.
"""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
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

    def results(self) -> dict[str, list[str]]:
        """Outcomes of the tests of each claimed criterion."""
        results: dict[str, list[str]] = defaultdict(list)
        for test, criteria in self.criteria_of.items():
            for number in criteria:
                results[number].append(self.outcome_of.get(test, "failed"))
        return results


def result_of(outcomes: list[str]) -> str:
    """One word for all tests of a criterion: a skipped test proves nothing."""
    if not outcomes:
        return "bare"
    if "failed" in outcomes:
        return "BROKEN"
    return "proved" if "passed" in outcomes else "skipped"


def print_table(criteria: dict[str, str], results: dict[str, list[str]]) -> bool:
    """Print the table; True when nothing claimed is broken."""
    summary = {number: result_of(results.get(number, [])) for number in criteria}
    print(f"\n{'':5} {'criterion':62} {'tests':>5}  result")
    for number, title in criteria.items():
        print(f"{number:5} {title:62} {len(results.get(number, [])):5}  {summary[number]}")
    unknown = sorted(results.keys() - criteria.keys())
    counts = {word: list(summary.values()).count(word) for word in ("proved", "skipped", "BROKEN", "bare")}
    print(f"\n{len(criteria)} criteria: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    if bare := [number for number, word in summary.items() if word == "bare"]:
        print(f"no test yet: {' '.join(bare)}")
    if unknown:
        print(f"claimed, but no criterion: {' '.join(unknown)}")
    return not counts["BROKEN"] and not unknown


def main() -> int:
    """Run the claiming tests and print the table; returns the exit status."""
    claims = Claims()
    status = pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[claims])
    is_whole = print_table(read_criteria(), claims.results())
    has_run = status in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}
    return 0 if is_whole and has_run else 1


if __name__ == "__main__":
    sys.exit(main())
