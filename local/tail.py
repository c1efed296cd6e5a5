"""Command `tail`: the logs of all programs for people to read, or what happens in conversations and calls."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.layout import Layout, default_layout
from local.log_entry import LEVELS, LogEntry, Wanted
from local.log_files import LogFiles
from local.log_meanings import read_meanings
from local.log_view import LogView
from local.running_stack import NotRunning
from local.stack_file import read_stack
from local.terminal import Paint
from local.update_lines import line_of
from local.updates_reader import UpdatesReader

_AGO = re.compile(r"(\d+)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_EXAMPLES = """examples:
  python -m local tail                               what all programs log from now on
  python -m local tail message_worker                one program's log
  python -m local tail --since 10m --level WARNING   what went wrong in the last ten minutes, and what will
  python -m local tail --level WARNING --explain     with what it means and what to do about it
  python -m local tail --conversation 562f105 --since 1h --no-follow
                                                     one conversation's story; the end of an id is enough
  python -m local tail --metrics --grep turn_        what is measured of turns
  python -m local tail --json | jq .                 the lines as they are written
  python -m local tail --updates                     messages and calls, live

Colours: only in a terminal, and not with NO_COLOR=1. Every event is explained in shared/observability/LOG_FIELDS.md.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("programs", nargs="*", help="names of log files without .log; all when none is given")
    parser.add_argument("--service", action="append", default=[], help="only lines of this service; may be repeated")
    parser.add_argument("--level", type=str.upper, choices=LEVELS, help="only lines of this level and above")
    parser.add_argument(
        "--conversation", metavar="ID", default="", help="only this conversation; an id's end is enough"
    )
    parser.add_argument("--call", metavar="SID", default="", help="only this call; likewise")
    parser.add_argument("--trace", metavar="ID", default="", help="only this trace; likewise")
    parser.add_argument("--grep", metavar="PATTERN", help="only lines in which this regular expression is found")
    parser.add_argument(
        "--since", metavar="AGO", help="first what was logged since then: 30s, 5m, 2h, 1d or 2026-11-23T07:00Z; "
        "with --updates: what was told after the event of this id",
    )  # fmt: skip
    parser.add_argument(
        "--follow", action=argparse.BooleanOptionalAction, default=True, help="wait for more, until Ctrl-C"
    )
    parser.add_argument("--metrics", action="store_true", help="show the lines that become metrics, too")
    parser.add_argument("--explain", action="store_true", help="say what warnings and errors mean and what to do")
    parser.add_argument("--updates", action="store_true", help="follow the updates socket instead of the logs")
    parser.add_argument("--json", action="store_true", help="each line as it was written, text as {program, text}")
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the copy")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace) -> int:
    """Print what is asked for until Ctrl-C; returns 0, 1 when there is nothing to follow, 2 when options are wrong."""
    layout = Layout(directory=options.directory.absolute())
    try:
        if options.updates:
            asyncio.run(_follow_updates(layout, options))
            return 0
        missing = sorted(set(options.programs) - {log.stem for log in layout.logs.glob("*.log")})
        if missing or not layout.logs.exists():
            print(_no_such_log(layout, missing), file=sys.stderr)
            return 2 if missing and layout.logs.exists() else 1
        _print_logs(layout.logs, options, _wanted(options))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except NotRunning as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _wanted(options: argparse.Namespace) -> Wanted:
    """What the options ask for.

    Raises:
        ValueError: a time or a pattern that cannot be read; the message says how it should look.
    """
    try:
        pattern = re.compile(options.grep, re.IGNORECASE) if options.grep else None
    except re.error as error:
        message = f"--grep wants a regular expression: {error}"
        raise ValueError(message) from error
    return Wanted(
        services=tuple(options.service),
        level=options.level or LEVELS[0],
        conversation=options.conversation,
        call=options.call,
        trace=options.trace,
        pattern=pattern,
        since=read_since(options.since, now=datetime.now(UTC)) if options.since else None,
    )


def read_since(text: str, *, now: datetime) -> datetime:
    """The moment that is meant: so long ago, or a time with its zone, else of this machine's clock.

    Raises:
        ValueError: it is neither.
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"--since wants a time such as 30s, 5m, 2h, 1d or 2026-11-23T07:00Z, not {text}"
        raise ValueError(message) from error


def _print_logs(folder: Path, options: argparse.Namespace, wanted: Wanted) -> None:
    view = LogView(Paint(), meanings=read_meanings() if options.explain else None)
    for entry in _entries(LogFiles(folder, tuple(options.programs)), options):
        if not wanted.includes(entry):
            continue
        if options.json:
            print(_raw(entry), flush=True)
        elif options.metrics or not entry.is_metric:
            for line in view.lines_of(entry):
                print(line, flush=options.follow)


def _entries(files: LogFiles, options: argparse.Namespace) -> Iterator[LogEntry]:
    if options.follow and not options.since:
        files.skip()
    yield from files.existing(whole=not options.follow)
    if options.follow:
        sys.stdout.flush()
        yield from files.following()


def _raw(entry: LogEntry) -> str:
    return entry.raw if entry.fields else json.dumps({"program": entry.program, "text": entry.raw}, ensure_ascii=False)


async def _follow_updates(layout: Layout, options: argparse.Namespace) -> None:
    stack = read_stack(layout.stack_file)
    if stack is None:
        raise NotRunning(f"the platform does not run ({layout.stack_file} is missing): start it with `make run`")
    paint, errors = Paint(), Paint(sys.stderr)

    def say(line: str) -> None:
        print(errors.aside(line), file=sys.stderr, flush=True)

    async for event in UpdatesReader(stack, since=options.since, say=say).events():
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        print(json.dumps(event) if options.json else line_of(event, paint, width=width), flush=True)


def _no_such_log(layout: Layout, missing: list[str]) -> str:
    known = ", ".join(sorted(log.stem for log in layout.logs.glob("*.log")))
    if not known:
        return f"error: there are no logs in {layout.logs}: start the platform with `make run`"
    return f"error: no log is called {', '.join(missing)}; there are: {known}"
