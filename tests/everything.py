"""All tests, in groups that do not disturb each other: `python -m tests.everything`, or `make test`.

Tests on fakes and on single servers share the processors, file by file. Those of a whole platform mostly wait for it,
so its folders run side by side, each in a process and on platforms of its own. What measures how fast the platform
answers (`@pytest.mark.alone`) runs last, with nothing beside it.

A new test needs nothing: it belongs to the group of its folder. A folder whose tests start whole platforms may be named
in `PLATFORM_FOLDERS`; where it is not, its tests run with the first group.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PLATFORM_FOLDERS = ("tests/end_to_end", "tests/browser", "tests/attacks")
"""Longest first."""

MOST_SIDE_BY_SIDE = 4
COMPILED = ("shared", "functions", "stream_service", "local")
"""Folders of the programs that the tests start by the hundred."""

MOST_FAILURES_TOLD = 30
_LONGEST_CAUSE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Tests that one pytest runs."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many tests ended in which way; `is_well` also asks whether there were any and pytest was content."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    is_well: bool = field(default=True)
    failures: tuple[str, ...] = ()

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped} in {self.seconds:.0f} s"


def stages(processors: int) -> tuple[tuple[Group, ...], ...]:
    """What runs after what; the groups of one stage may run side by side. Every test is in exactly one group."""
    workers = ("--numprocesses", str(min(processors, MOST_SIDE_BY_SIDE)), "--dist", "loadfile")
    elsewhere = tuple(f"--ignore={folder}" for folder in PLATFORM_FOLDERS)
    return (
        (Group(name="fakes and single servers", arguments=("tests", *elsewhere, *workers)),),
        tuple(Group(name=folder, arguments=(folder, "-m", "not alone")) for folder in PLATFORM_FOLDERS),
        (Group(name="alone", arguments=(*PLATFORM_FOLDERS, "-m", "alone")),),
    )


def run(plan: Iterable[Sequence[Group]], *, directory: Path, side_by_side: int) -> int:
    """Run all groups, whatever fails, and show what each said; returns the exit status."""
    began = time.monotonic()
    totals: list[Total] = []
    for stage in plan:
        with ThreadPoolExecutor(max_workers=side_by_side) as threads:
            several = len(stage) > 1 and side_by_side > 1
            totals += threads.map(lambda group, aside=several: _run_group(group, directory, aside=aside), stage)
    whole = Total(
        passed=sum(each.passed for each in totals),
        failed=sum(each.failed for each in totals),
        skipped=sum(each.skipped for each in totals),
        seconds=time.monotonic() - began,
        is_well=bool(totals) and all(each.is_well for each in totals),
        failures=tuple(failure for each in totals for failure in each.failures),
    )
    # Once more at the end: of a long output, the end is what is kept and what is read.
    for failure in whole.failures[:MOST_FAILURES_TOLD]:
        say(f"== failed: {failure}")
    say(f"== all tests: {whole}{'' if whole.is_well else '; NOT WELL'}")
    return 0 if whole.is_well else 1


def say(text: str) -> None:
    """Show whole lines at once: groups side by side do not write into each other's."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _run_group(group: Group, directory: Path, *, aside: bool) -> Total:
    """What others write at the same time stays apart: `aside` keeps the output until the group has ended."""
    say(f"== {group.name}: begins")
    with tempfile.TemporaryDirectory(prefix="vaani-tests-") as folder:
        report, output = Path(folder, "report.xml"), Path(folder, "output")
        # The cache belongs to one pytest at a time.
        options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", *options, *group.arguments]
        with output.open("wb") as file:
            done = subprocess.run(
                command,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=file if aside else None,
                stderr=subprocess.STDOUT,
                check=False,
            )
        total = _read(report, is_well=done.returncode == 0)
        said = output.read_text(errors="replace")
    say(f"{said}== {group.name}: {total}{'' if total.is_well else '; NOT WELL'}")
    return total


def _read(report: Path, *, is_well: bool) -> Total:
    """What pytest wrote; a group that collected nothing, or ended before its end, is not well."""
    try:
        suite = next(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 - written by the process that we started.
    except (OSError, ET.ParseError, StopIteration):
        return Total(is_well=False)
    tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    return Total(
        passed=tests - failed - skipped,
        failed=failed,
        skipped=skipped,
        seconds=float(suite.get("time", 0)),
        is_well=is_well and tests > 0 and failed == 0,
        failures=tuple(_failures(suite)),
    )


def _failures(suite: ET.Element) -> Iterator[str]:
    """Each test that failed, with the first line of what it said."""
    for case in suite.iter("testcase"):
        for outcome in (*case.findall("failure"), *case.findall("error")):
            cause = (outcome.get("message") or "").partition("\n")[0][:_LONGEST_CAUSE]
            yield f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')} - {cause}"


def main() -> int:
    """Run everything; returns the exit status."""
    # Before, and not when a program first imports them: `sam build` stumbles over files that appear while it copies.
    for folder in COMPILED:
        compileall.compile_dir(REPOSITORY / folder, quiet=1)
    processors = os.cpu_count() or 1
    return run(stages(processors), directory=REPOSITORY, side_by_side=min(processors, MOST_SIDE_BY_SIDE))


if __name__ == "__main__":
    sys.exit(main())
