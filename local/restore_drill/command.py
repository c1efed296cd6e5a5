"""Command `restore-drill`: loses a database on purpose and restores it from backup and log, to the commit."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from local.restore_drill.drill import RPO_SECONDS, RTO_SECONDS, Plan, RestoreDrill, extrapolation
from local.restore_drill.spoiling import EARLY_TARGET, SPOILINGS
from local.restore_drill.steps import Report, RestoreRefused, as_text
from local.running_stack import NotRunning
from local.terminal import Paint
from shared import observability

FAILED, CANNOT_RUN, INTERRUPTED = 1, 2, 130
_EXAMPLES = f"""examples:
  python -m local restore-drill                       one to three minutes
  python -m local restore-drill --json drill.json     and everything measured, for programs
  python -m local restore-drill --spoil missing-wal   see that it fails when it must

It starts a PostgreSQL server, an AWS emulator and a platform of its own in a
temporary folder, on free ports; a running platform is not touched.

What it proves: a base backup and archived log bring the database back to the
latest moment and to one between two commits; every commit is accounted for by a
ledger outside; what is lost is younger than the archive timeout (RPO: {RPO_SECONDS} s);
the platform's restore check says so too; recordings come back from their
versions; a platform over the restored database goes on where it was.

Exit status: 0 all of it held; 1 something did not; 2 it could not be played;
130 interrupted.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    plan = Plan()
    parser.add_argument("--seconds", type=float, default=plan.seconds, help="how long is written (%(default)s)")
    parser.add_argument(
        "--rate", type=float, default=plan.commits_per_second, help="commits a second, at most (%(default)s)"
    )
    parser.add_argument(
        "--archive-timeout",
        type=int,
        default=plan.archive_timeout_seconds,
        metavar="SECONDS",
        help="until a segment of the log is archived though it is not full (%(default)s; RDS: 300)",
    )
    parser.add_argument("--past", type=int, default=plan.past, help="messages that are there before (%(default)s)")
    parser.add_argument(
        "--spoil", choices=[*SPOILINGS, EARLY_TARGET], help="spoil what survived; the drill has to fail then"
    )
    parser.add_argument("--no-platform", action="store_true", help="start no platform over the restored database")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write steps and figures there")
    parser.add_argument("--keep", action="store_true", help="keep data and logs")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace) -> int:
    """Play the drill; returns the exit status."""
    observability.configure(level="CRITICAL")
    logging.getLogger("local").setLevel(logging.ERROR)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    directory = Path(tempfile.mkdtemp(prefix="vaani-restore-"))
    # The server runs as another user where we are root.
    directory.chmod(0o711)
    paint = Paint()
    shown = sys.stdout
    report = Report(show=lambda step: print(as_text(step, paint), file=shown, flush=True))
    # Metrics of the platform's parts that are used here go to the output, as in a function.
    with (directory / "metrics.log").open("w") as metrics, contextlib.redirect_stdout(metrics):
        status = _play(directory, options, report)
    if status in {0, FAILED}:
        print(f"\n{_summary(report, paint)}")
    if options.json:
        options.json.write_text(json.dumps({"status": status, **report.as_json()}, indent=2) + "\n")
    if status in {0, INTERRUPTED} and not options.keep:
        shutil.rmtree(directory, ignore_errors=True)
    else:
        print(f"data and logs: {directory}")
    return status


def _interrupt(_number: int, _frame: object) -> None:
    """At once, also between two awaits, where asyncio would wait; what was started is ended on the way out."""
    raise KeyboardInterrupt


def _play(directory: Path, options: argparse.Namespace, report: Report) -> int:
    plan = Plan(
        seconds=options.seconds,
        commits_per_second=options.rate,
        archive_timeout_seconds=options.archive_timeout,
        past=options.past,
        spoil=options.spoil,
        serves=not options.no_platform,
    )
    began = time.monotonic()
    try:
        asyncio.run(RestoreDrill(directory, plan, report).play())
    except RestoreRefused:
        pass  # It is the last step's problem, which has been shown.
    except (NotRunning, RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return CANNOT_RUN
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    report.figures["total_seconds"] = round(time.monotonic() - began, 2)
    return FAILED if report.problems else 0


def _summary(report: Report, paint: Paint) -> str:
    figures = report.figures
    if report.problems:
        count = len(report.problems)
        return paint.bad(f"FAIL  {count} {'problem' if count == 1 else 'problems'}, in {figures['total_seconds']} s")
    lines = [
        f"{paint.good('PASS')}  in {figures['total_seconds']} s",
        f"      data loss {figures['data_loss_seconds']} s (RPO {RPO_SECONDS} s)",
        f"      disaster to service {figures['recovery_seconds']} s, with both restores (RTO {RTO_SECONDS} s)",
        f"      {extrapolation(report)}",
    ]
    return "\n".join(lines)
