"""The long soak of the message path: `python -m tests.end_to_end.soak`, or `make soak-messages`."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from tests.end_to_end.message_soak import MessageSoak, SoakPlan, SoakReport
from tests.end_to_end.platform import running_platform

SETTINGS = {
    "LANGUAGE_MODEL": "scripted",
    "EMBEDDINGS": "none",
    "SPEECH_TO_TEXT": "scripted",
    "TEXT_TO_SPEECH": "scripted",
    "VAANI_STREAM_TASKS": "1",
}


def say(line: str) -> None:
    """Show a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.end_to_end.soak", description=__doc__)
    parser.add_argument("--users", type=int, default=50, help="(%(default)s)")
    parser.add_argument("--messages", type=int, default=1000, help="of all users together (%(default)s)")
    parser.add_argument("--in-flight", type=int, default=5, help="unanswered messages of one user (%(default)s)")
    parser.add_argument(
        "--kill-pause",
        type=float,
        nargs=2,
        default=(2.0, 6.0),
        metavar="SECONDS",
        help="between two kills, shortest and longest",
    )
    parser.add_argument("--kills", type=int, default=60, help="at most (%(default)s)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="repeat a run (random)")
    return parser.parse_args()


def main() -> int:
    """Start a copy of the platform, soak it, tell what came of it; 0 when nothing was wrong."""
    options = parse_arguments()
    plan = SoakPlan(
        seed=options.seed,
        users=options.users,
        messages_per_user=options.messages // options.users,
        first_user=919810000000,
        most_in_flight=options.in_flight,
        most_kills=options.kills,
        kill_pause_seconds=tuple(options.kill_pause),
    )
    directory = Path(tempfile.mkdtemp(prefix="vaani-soak-"))
    say(f"seed {plan.seed}: {plan.total} messages of {plan.users} users; starting the platform")
    with running_platform(directory, **SETTINGS) as platform:
        report = asyncio.run(MessageSoak(platform, plan, say=say).run())
    tell(report, plan)
    if report.problems:
        say(f"data and logs: {directory}")
        return 1
    shutil.rmtree(directory, ignore_errors=True)
    return 0


def tell(report: SoakReport, plan: SoakPlan) -> None:
    """Print the result."""
    kills = ", ".join(f"{name} {count}" for name, count in sorted(report.kills.items()))
    say(f"{report.written} messages in {report.posts} posts ({report.refused_posts} refused) in {report.seconds:.0f} s")
    say(f"killed {report.kills.total()} times: {kills}")
    for problem in report.problems:
        say(f"WRONG  {problem}")
    if not report.problems:
        say(f"all {plan.total} answered once, in order per user, every final status right")


if __name__ == "__main__":
    sys.exit(main())
