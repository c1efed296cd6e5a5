"""`python -m stream_service.jobs erase`: erases a user from every store and reports what was removed.

0: done, or shown in a dry run. 1: not finished; run it again. 2: wrong usage. 3: refused, because a call of the user
goes on or a message is being answered. 4: not confirmed.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from shared import wiring
from shared.domain.erasure import ErasureReport
from shared.errors import NotFound, PlatformError
from shared.observability import logger
from shared.settings import SettingsInvalid
from shared.wiring import stores

DONE = 0
INCOMPLETE = 1
BUSY = 3
NOT_CONFIRMED = 4
_ALL = "all"

Say = Callable[[str], None]
Ask = Callable[[str], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options, which are the same here and on the local platform."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--user", help="any identity of the user: a phone number without plus, a business-scoped id")
    who.add_argument(
        "--conversation",
        metavar="ID",
        help="a conversation of the user, where the number itself must not stand in a command (AWS records those)",
    )
    parser.add_argument("--channel", default=_ALL, help="whatsapp, twilio-whatsapp, voice, ... (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="show what there is and remove nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report there, as JSON")
    parser.add_argument("--by", default="", help="who asks for it, for the record (default: the user of this machine)")


async def erase(options: argparse.Namespace, *, say: Say, ask: Ask) -> int:
    """Do it; the exit code."""
    channel = None if options.channel == _ALL else options.channel
    run = wiring.erase_user()
    user_id = options.user.removeprefix("+") if options.user else ""
    if options.conversation:
        user_id, found_on = await run.named_in(options.conversation)
        say(f"The conversation is of channel {found_on}.")
    by = options.by or _me()
    if not options.dry_run and not options.yes:
        report = await run(user_id, channel=channel, requested_by=by, is_dry_run=True)
        _show(report, say)
        if ask("Erase all of this for ever? Write yes: ").strip().lower() != "yes":
            say("Nothing was erased.")
            return NOT_CONFIRMED
    report = await run(user_id, channel=channel, requested_by=by, is_dry_run=options.dry_run, progress=say)
    _show(report, say)
    logger.info("erasure_report", report=report.as_json)
    if options.report:
        options.report.write_text(json.dumps(report.as_json, indent=2, ensure_ascii=False) + "\n")
    return BUSY if report.busy is not None and not report.is_dry_run else DONE


def run(options: argparse.Namespace) -> int:
    """Do it with a terminal, or without one, where it cannot ask."""
    try:
        return asyncio.run(_run_and_let_go(options))
    except (PlatformError, SettingsInvalid) as error:
        logger.warning("erasure_not_finished", kind=type(error).__name__)
        _say(f"Not finished: {error} {'' if isinstance(error, NotFound) else 'Run it again.'}".rstrip())
        return INCOMPLETE


def main(arguments: Sequence[str]) -> int:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m stream_service.jobs erase", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(arguments))


async def _run_and_let_go(options: argparse.Namespace) -> int:
    try:
        return await erase(options, say=_say, ask=_ask)
    finally:
        await _let_go()


async def _let_go() -> None:
    await stores.redis().aclose()


def _show(report: ErasureReport, say: Say) -> None:
    counts = {store: found for store, found in report.counts.items() if found}
    for store, found in counts.items():
        listed = ", ".join(f"{name} {n}" for name, n in found.items()) if isinstance(found, dict) else ""
        say(f"{store:8} {listed}")
    if not counts:
        say("Nothing was found." if report.busy is None or report.is_dry_run else "Nothing was erased.")
    if report.busy is not None:
        say(f"A {report.busy} of the user is under way; nothing can be erased until it is over.")
    if report.finished_at is not None and not report.is_dry_run:
        say(f"Erased; the record is {report.erasure_id}. Not reached:")
        for line in report.not_reached:
            say(f"  - {line}")


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user need not have a name.
        return "unknown"


def _say(line: str) -> None:
    # The log goes to the standard output.
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _ask(question: str) -> str:
    if not sys.stdin.isatty():
        return ""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline()
