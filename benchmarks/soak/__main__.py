"""Command line: `python -m benchmarks.soak`, or `make soak`.

Starts the local platform with scripted engines and Silero, holds calls that come and go (with turns and interruptions)
and posts WhatsApp messages (with duplicates and statuses) at the same time, and looks every ten seconds at what each
program holds. Growth, slowness, failures, losses and errors in the logs end it with status 1 and the reasons.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.soak.plan import SoakPlan, usual_users, usual_warm_up
from benchmarks.soak.report import summary_lines
from benchmarks.soak.run import Soak
from benchmarks.soak.verdict import Verdict, judge
from benchmarks.voice import own_platform
from benchmarks.voice.caller_audio import prepare_audio
from benchmarks.voice.program import NotStarted
from benchmarks.voice.report import machine
from local.configuration import read_configuration
from local.layout import Layout
from local.ports import HOST
from shared.errors import SpeechUnavailable

INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Run once; 0 when nothing was wrong."""
    options = _parser().parse_args(arguments)
    warm_up = usual_warm_up(options.minutes) if options.warm_up is None else options.warm_up
    plan = SoakPlan(
        minutes=options.minutes,
        calls=options.calls,
        messages_per_second=options.messages_per_second,
        users=options.users or usual_users(options.messages_per_second),
        call_seconds=tuple(options.call_seconds),
        warm_up_minutes=warm_up,
        seed=options.seed,
    )
    directory = options.directory or Path(tempfile.mkdtemp(prefix="vaani-soak-"))
    try:
        status = uvloop.run(_soak(plan, directory, options.json))
    except (NotStarted, SpeechUnavailable) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    if status == 0 and options.directory is None:
        shutil.rmtree(directory, ignore_errors=True)
    else:
        _say(f"data and logs: {directory}")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60, help="of load (%(default)s)")
    parser.add_argument("--calls", type=int, default=50, help="at the same time (%(default)s)")
    parser.add_argument("--messages-per-second", type=float, default=20, help="(%(default)s)")
    parser.add_argument("--users", type=int, help="who write, in turn (as many as let each write every 10 s)")
    parser.add_argument(
        "--call-seconds", type=float, nargs=2, default=(15.0, 105.0), metavar="S", help="shortest and longest call"
    )
    parser.add_argument("--warm-up", type=float, metavar="MINUTES", help="not judged (a sixth, 6 to 10, at most half)")
    parser.add_argument("--seed", type=int, default=1, help="of lengths and duplicates (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample and figure here")
    parser.add_argument("--directory", type=Path, help="data and logs of the platform, kept (a temporary one)")
    return parser


async def _soak(plan: SoakPlan, directory: Path, file: Path | None) -> int:
    soaking = asyncio.current_task()
    assert soaking is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        # Cancelled, so that what was started is ended in order.
        asyncio.get_running_loop().add_signal_handler(number, soaking.cancel)
    audio = await prepare_audio()
    surroundings = machine()
    _say("; ".join(f"{name}: {value}" for name, value in surroundings.items()))
    settings = own_platform.platform_settings(voice_activity="silero", most_calls=plan.calls)
    _say(f"starting the platform: {' '.join(f'{name}={value}' for name, value in settings.items())}")
    is_interrupted = False
    async with own_platform.started_platform(directory, settings, processor=None, others=None) as server:
        soak = Soak(directory / "stack.json", server.door, audio, plan, _say)
        port = read_configuration(Layout(directory=directory).configuration_file).ports.stream_service[0]
        try:
            await soak.run(f"http://{HOST}:{port}/health/stream")
        except asyncio.CancelledError:
            soaking.uncancel()
            is_interrupted = True
    found = soak.findings
    verdict = judge(
        found.samples,
        found.observations,
        soak.window,
        tally=found.tally,
        errors=found.errors,
        restarted=found.restarted,
        late_ms=found.late_ms,
    )
    _tell(soak, verdict, is_interrupted=is_interrupted)
    if file is not None:
        everything = json.dumps(_everything(plan, surroundings, soak, verdict), indent=1)
        await asyncio.to_thread(file.write_text, everything + "\n")
    return INTERRUPTED if is_interrupted else int(bool(verdict.problems))


def _tell(soak: Soak, verdict: Verdict, *, is_interrupted: bool) -> None:
    found = soak.findings
    if is_interrupted:
        verdict.remarks.insert(
            0, f"broken off after {found.load_seconds:.0f} s; what was not answered yet is not counted"
        )
    judged = [sample for sample in found.samples if soak.window.holds(sample.at_seconds)]
    lines = summary_lines(
        verdict,
        found.observations,
        first=judged[0] if judged else None,
        last=judged[-1] if judged else None,
        keys=found.keys,
    )
    _say("\n".join(lines))


def _everything(plan: SoakPlan, surroundings: dict[str, str], soak: Soak, verdict: Verdict) -> dict[str, Any]:
    found = soak.findings
    return {
        "plan": asdict(plan),
        "machine": surroundings,
        "load_seconds": found.load_seconds,
        "counts": dict(found.observations.counts),
        "reasons": dict(found.observations.reasons),
        "problems": verdict.problems,
        "remarks": verdict.remarks,
        "programs": {name: asdict(trend) for name, trend in verdict.programs.items()},
        "drifts": {kind.value: [asdict(each) for each in drifts] for kind, drifts in verdict.drifts.items()},
        "late_ms": found.late_ms,
        "errors": found.errors,
        "minutes": found.rows,
        "keys": dict(found.keys),
        "samples": [asdict(sample) for sample in found.samples],
    }


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
