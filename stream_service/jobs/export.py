"""The hourly export as a job: which hours, what is told about it, and the options for doing some of them by hand."""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from shared import observability, wiring
from shared.observability import logger

DONE = 0
INCOMPLETE = 1
STOPPED = 143


async def export(
    _look_back: timedelta, stop: asyncio.Event, *, since: datetime | None = None, until: datetime | None = None
) -> int:
    """Write every hour that is over and not yet exported to the bucket; the exit code."""
    started = time.perf_counter()
    report = await wiring.export_conversations()(should_stop=stop.is_set, since=since, until=until)
    logger.info("export_finished", **asdict(report), elapsed_ms=round((time.perf_counter() - started) * 1000))
    observability.count("exported_hours", report.hours)
    if stop.is_set():
        return STOPPED
    return DONE if report.is_complete else INCOMPLETE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that only this job has."""
    parser.add_argument(
        "--from",
        dest="since",
        type=hour_of,
        metavar="HOUR",
        help="export only: no hours before this one, such as 2026-11-01 or 2026-11-01T14 (UTC)",
    )
    parser.add_argument(
        "--until", type=hour_of, metavar="HOUR", help="export only: no hours that end after this one begins (UTC)"
    )


def hour_of(text: str) -> datetime:
    """A moment of UTC as people write it.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text} is no day or hour such as 2026-11-01 or 2026-11-01T14"
        raise argparse.ArgumentTypeError(message) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
