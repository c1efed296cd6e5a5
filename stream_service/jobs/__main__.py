"""`python -m stream_service.jobs`: does the background jobs once and says by its exit code how that went.

0: all done. 1: something could not be done and is left to the next run. 2: wrong usage. 143: told to stop before the
end. Running it again, or twice at once, is safe.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta

from shared import observability, wiring
from shared.errors import PlatformError, StoreUnavailable
from shared.observability import logger
from shared.wiring import stores
from stream_service.jobs import erase, export

DONE = 0
INCOMPLETE = 1
STOPPED = 128 + signal.SIGTERM
LONGEST_LOOK_BACK_HOURS = 24 * 90

Job = Callable[[timedelta, asyncio.Event], Awaitable[int]]


async def repair_calls(look_back: timedelta, stop: asyncio.Event) -> int:
    """Close calls whose task died and finish their recordings."""
    report = await wiring.repair_calls()(look_back=look_back, should_stop=stop.is_set)
    logger.info("calls_repair_finished", **asdict(report))
    if not report.is_complete:
        return STOPPED
    return INCOMPLETE if report.failed else DONE


async def fetch_media(_look_back: timedelta, stop: asyncio.Event) -> int:
    """Fetch the files of messages that could not be had before; what is still not to be had is no failure of ours."""
    report = await wiring.fetch_pending_media()(should_stop=stop.is_set)
    logger.info("media_fetch_finished", **asdict(report))
    return DONE if report.is_complete else STOPPED


async def forget_unknown_statuses(_look_back: timedelta, stop: asyncio.Event) -> int:
    """Drop what providers reported a month ago about messages that are not ours."""
    report = await wiring.forget_unknown_reports()(should_stop=stop.is_set)
    logger.info("unknown_statuses_forgotten", **asdict(report))
    return DONE if report.is_complete else STOPPED


JOBS: dict[str, Job] = {
    "repair-calls": repair_calls,
    "fetch-media": fetch_media,
    "forget-unknown-statuses": forget_unknown_statuses,
    "export": export.export,
}


async def run(names: Sequence[str], look_back: timedelta, jobs: Mapping[str, Job] | None = None) -> int:
    """Do the jobs one after the other, each whatever became of the others; the exit code of the worst."""
    known = JOBS if jobs is None else jobs
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    worst = DONE
    for name in names:
        if stop.is_set():
            return STOPPED
        observability.bind(job=name)
        logger.info("job_started", look_back_hours=look_back.total_seconds() / 3600)
        worst = max(worst, await _attempt(known[name], look_back, stop))
        observability.count("jobs_failed", worst == INCOMPLETE)
        observability.flush_metrics()
    return worst


async def _attempt(job: Job, look_back: timedelta, stop: asyncio.Event) -> int:
    try:
        return await job(look_back, stop)
    except StoreUnavailable:
        logger.exception("job_failed")
        return INCOMPLETE


async def _run_and_let_go(names: Sequence[str], look_back: timedelta, jobs: Mapping[str, Job]) -> int:
    try:
        return await run(names, look_back, jobs)
    finally:
        await stores.database().close()
        await stores.redis().aclose()


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and do the jobs, or what is done only when somebody asks for it."""
    observability.catch_all()
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["erase"]:
        return erase.main(given[1:])
    parser = argparse.ArgumentParser(prog="python -m stream_service.jobs", description=__doc__)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"what to do: {', '.join(JOBS)}; all when none is named")
    parser.add_argument(
        "--look-back-hours",
        type=int,
        default=72,
        help="how old the calls may be (default: %(default)s); more finds what an outage of days left",
    )
    export.add_arguments(parser)
    chosen = parser.parse_args(given)
    unknown = set(chosen.jobs) - set(JOBS)
    if unknown:
        parser.error(f"there is no job {', '.join(sorted(unknown))}; there is {', '.join(JOBS)}")
    if not 1 <= chosen.look_back_hours <= LONGEST_LOOK_BACK_HOURS:
        parser.error(f"--look-back-hours must be 1 to {LONGEST_LOOK_BACK_HOURS}")
    try:
        look_back = timedelta(hours=chosen.look_back_hours)
        jobs: dict[str, Job] = {
            **JOBS,
            "export": functools.partial(export.export, since=chosen.since, until=chosen.until),
        }
        return asyncio.run(_run_and_let_go(chosen.jobs or list(JOBS), look_back, jobs))
    except PlatformError as error:
        logger.error("jobs_not_started", code=error.code, reason=str(error))
        return INCOMPLETE


if __name__ == "__main__":
    raise SystemExit(main())
