"""Command `evaluate`: plays the scenarios of `local/evaluation/scenarios` on the running platform."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from local.evaluation import junit, report
from local.evaluation.platform_copy import running_copy
from local.evaluation.result import Result
from local.evaluation.runner import prepare, run_all
from local.evaluation.scenario import Scenario
from local.evaluation.scenario_file import SCENARIOS, ScenarioInvalid, choose, read_all
from local.layout import default_layout
from local.running_stack import NotRunning, find_stack
from local.terminal import Progress
from shared.errors import SpeechUnavailable

FAILED = 1
CANNOT_RUN = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m local evaluate`."""
    parser.add_argument("--times", type=int, default=1, help="play everything so many times")
    parser.add_argument("--only", action="append", default=[], metavar="NAME_OR_TAG", help="may be given several times")
    parser.add_argument("--list", action="store_true", help="show the scenarios and play none")
    parser.add_argument("--scenarios", type=Path, default=SCENARIOS, help="another folder of scenarios")
    parser.add_argument(
        "--junit",
        type=Path,
        default=default_layout().directory / "evaluation" / "results.xml",
        help="where the results are written as JUnit XML",
    )


def run(options: argparse.Namespace) -> int:
    """Play them; returns 0 when all passed, 1 when one failed, 2 when none could be played."""
    try:
        scenarios = choose(read_all(options.scenarios), options.only)
        if options.list or not scenarios:
            print("\n".join(_listed(scenarios)) or "no scenario has this name or tag")
            return 0 if scenarios else CANNOT_RUN
        with running_copy(default_layout()):
            return asyncio.run(_evaluate(scenarios, times=options.times, junit_file=options.junit))
    except (ScenarioInvalid, NotRunning, SpeechUnavailable) as error:
        print(f"error: {error}", file=sys.stderr)
        return CANNOT_RUN


async def _evaluate(scenarios: Sequence[Scenario], *, times: int, junit_file: Path) -> int:
    directory = default_layout().directory

    progress, played = Progress(), itertools.count(1)

    def show(result: Result) -> None:
        progress.done()
        print(report.line_of(result), flush=True)
        if not result.has_passed:
            print(report.failure_of(result), flush=True)
        if progress.is_terminal:  # Elsewhere each line of a result is a step by itself.
            progress.step(f"{next(played)} of {times * len(scenarios)} played")

    async with find_stack() as stack:
        speech = directory / "evaluation" / "speech"
        studio = await prepare(stack, scenarios, speech=speech, models=directory / "models")
        began = time.monotonic()
        results = await run_all(studio, scenarios, times=times, report=show)
        seconds = time.monotonic() - began
        progress.done()
    if times > 1:
        print(report.table_of(results))
    await asyncio.to_thread(junit.write_junit, junit_file, results, seconds=seconds)
    print(report.verdict_of(results, seconds))
    return 0 if all(result.has_passed for result in results) else FAILED


def _listed(scenarios: Sequence[Scenario]) -> list[str]:
    return [
        f"  {each.name:<44} {each.channel:<16} {each.title}  [{', '.join(sorted(each.tags))}]" for each in scenarios
    ]
