"""The results for people: a line for each scenario, a table of the times, and all about what failed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import groupby

from local.evaluation.result import Result

_NAME_WIDTH = 44


def line_of(result: Result) -> str:
    """One scenario that was played."""
    mark = "ok  " if result.has_passed else "FAIL"
    again = f" ({result.attempt})" if result.attempt > 1 else ""
    return f"  {mark} {(result.name + again).ljust(_NAME_WIDTH)} {result.channel:<16} {result.seconds:6.1f} s"


def failure_of(result: Result) -> str:
    """Everything that helps to find out why a scenario failed."""
    step = f" in step {result.failed_step}" if result.failed_step else ""
    lines = [f"\n── {result.name}{step}: {result.title}"]
    lines += [f"    {line}" for line in result.transcript]
    lines += [f"  ✗ {problem}" for problem in result.problems]
    lines.append(f"  look up: {', '.join(result.ids)}")
    return "\n".join(lines)


def table_of(results: Sequence[Result]) -> str:
    """How each scenario fared over all times that it was played."""
    ordered = sorted(results, key=lambda result: (result.channel, result.name))
    lines = [f"\n  {'scenario'.ljust(_NAME_WIDTH)} {'channel':<16} {'passed':>7} {'seconds (median)':>17}"]
    for (channel, name), group in groupby(ordered, key=lambda result: (result.channel, result.name)):
        played = list(group)
        passed = sum(result.has_passed for result in played)
        seconds = statistics.median(result.seconds for result in played)
        lines.append(f"  {name.ljust(_NAME_WIDTH)} {channel:<16} {f'{passed}/{len(played)}':>7} {seconds:>17.1f}")
    return "\n".join(lines)


def verdict_of(results: Sequence[Result], seconds: float) -> str:
    """The last line."""
    failed = sorted({result.name for result in results if not result.has_passed})
    scenarios = len({result.name for result in results})
    passed = sum(result.has_passed for result in results)
    verdict = f"{scenarios} scenarios, {passed} of {len(results)} plays passed, {seconds:.0f} s"
    return f"\n{verdict}" + (f"; failed: {', '.join(failed)}" if failed else "")
