"""Command `drill`: breaks a copy of the platform in every way known, under load, and tells who noticed what."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from local.drill.callers import CallerVoices
from local.drill.catalogue import NOT_TRIED, all_faults, choose
from local.drill.drill import Load, run_drill
from local.drill.fault import Fault
from local.drill.table import Row, as_json, growth, markdown
from local.evaluation.caller import prepare_speech
from local.layout import default_layout
from local.running_stack import NotRunning
from shared.errors import SpeechUnavailable

FAILED, CANNOT_RUN, INTERRUPTED = 1, 2, 130
QUESTION = "What time do you open today?"
INTERRUPTION = "Wait, wait, one moment."
_EXAMPLES = """examples:
  python -m local drill                          the whole series, about ten minutes
  python -m local drill --list                   what there is
  python -m local drill --only kill-postgres,drain --json drill.json

It starts a copy of the platform of its own, in a temporary folder and on free
ports, with scripted engines; a running platform is not touched.

Ctrl-C ends it after the fault under way, with the table so far; once more ends it at once.

Exit status: 0 nothing lost, doubled, slow, looping or growing; 1 something was;
2 it could not be played; 130 interrupted.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--only", default="", metavar="NAME,...", help="play these faults only")
    parser.add_argument("--list", action="store_true", help="show the faults and play none")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was counted there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there")
    parser.add_argument("--callers", type=int, default=Load().callers, help="at the same time (%(default)s)")
    parser.add_argument("--users", type=int, default=Load().users, help="who write (%(default)s)")
    parser.add_argument("--seed", type=int, default=Load().seed, help="of the pauses and duplicates (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the copy's data and logs")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace) -> int:
    """Play the series; returns the exit status."""
    try:
        faults = choose(all_faults(), [name for name in options.only.split(",") if name])
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return CANNOT_RUN
    if options.list:
        print("\n".join(f"{fault.name:24} {fault.title}" for fault in faults))
        print("\n".join(f"{fault.name:24} {fault.title}: not tried, {fault.why}" for fault in NOT_TRIED))
        return 0
    directory = Path(tempfile.mkdtemp(prefix="vaani-drill-"))
    status = CANNOT_RUN
    try:
        rows = asyncio.run(_play(directory, faults, options))
        status = _tell(rows, options, is_whole=not options.only)
        if len(rows) < len(faults):
            print(f"interrupted: {len(rows)} of {len(faults)} faults were played")
            status = INTERRUPTED
    except (NotRunning, SpeechUnavailable) as error:
        print(f"error: {error}", file=sys.stderr)
    except (KeyboardInterrupt, asyncio.CancelledError):
        status = INTERRUPTED
    finally:
        if status in {0, INTERRUPTED} and not options.keep:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            print(f"data and logs: {directory}")
    return status


async def _play(directory: Path, faults: Sequence[Fault], options: argparse.Namespace) -> list[Row]:
    # What the load's own telephones warn of is in the table.
    logging.getLogger("local").setLevel(logging.ERROR)
    this = asyncio.current_task()
    assert this is not None
    is_told_to_end = asyncio.Event()
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {line}", flush=True)

    def end() -> None:
        """First after the fault under way, so that its loss is counted; then at once. Nothing stays behind."""
        if is_told_to_end.is_set():
            this.cancel()
        is_told_to_end.set()
        say("ends after this fault; once more ends it at once, without a table")

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end)
    audio = await prepare_speech([QUESTION, INTERRUPTION], default_layout().directory / "evaluation" / "speech")
    voices = CallerVoices(question=audio[QUESTION], interruption=audio[INTERRUPTION])
    load = Load(callers=options.callers, users=options.users, seed=options.seed)
    return await run_drill(directory, faults, load, voices, say=say, should_end=is_told_to_end.is_set)


def _tell(rows: Sequence[Row], options: argparse.Namespace, *, is_whole: bool) -> int:
    """Print the table and what is wrong; returns the exit status."""
    not_tried = NOT_TRIED if is_whole else ()
    table = markdown(rows, not_tried)
    print(f"\n{table}\n")
    if options.markdown:
        options.markdown.write_text(f"{table}\n")
    if options.json:
        options.json.write_text(json.dumps(as_json(rows, not_tried), indent=2) + "\n")
    problems = [f"{row.outcome.fault.name}: {problem}" for row in rows for problem in row.problems]
    if grown := growth(rows):
        problems.append(grown)
    for problem in problems:
        print(f"WRONG  {problem}")
    if not problems:
        print(f"{len(rows)} faults: nothing lost, nothing doubled, all recovered in time")
    return FAILED if problems else 0
