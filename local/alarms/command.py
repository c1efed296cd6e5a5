"""Command `alarms`: judge the alarms of template.yaml on the metrics that this copy of the platform wrote."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from local.alarms.alarm import Alarm, TreatMissing, read_alarms
from local.alarms.embedded_format import read_lines
from local.alarms.evaluation import State, Verdict, judge
from local.alarms.metric import Samples
from local.alarms.stand_ins import look_at_queues, stand_in_for_balancer
from local.layout import REPOSITORY, Layout, default_layout
from local.stack_file import read_stack
from local.template import parse
from local.terminal import Paint
from shared.observability import NAMESPACE

SOME_IN_ALARM = 3
MINUTE_SECONDS = 60
_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}
_EXAMPLES = """examples:
  python -m local alarms                      what would call somebody now?
  python -m local alarms --history            what began and ended since the logs begin; after a fault drill
  python -m local alarms --at last            as of the last metric: for a copy that was stopped
  python -m local alarms CallLoadHigh --json  one alarm, for programs

The metrics are those of the log files. What the load balancer would have measured is taken from what the functions
measured; what only AWS measures (processors, backups, certificates) is listed as not measured here.
Exit status: 0 no alarm, 1 nothing was measured, 2 no such alarm, 3 something is in ALARM.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An alarm, what it says, and whether anybody ever measured what it watches."""

    alarm: Alarm
    verdict: Verdict
    is_measured: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("names", nargs="*", metavar="ALARM", help="logical names from template.yaml; all when none")
    parser.add_argument("--at", metavar="TIME", help="a time (2026-11-23T07:30), or `last`; now when not given")
    parser.add_argument("--history", action="store_true", help="every change of state since the logs begin")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--directory", type=Path, default=default_layout().directory, help="of the copy")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def run(options: argparse.Namespace) -> int:
    """Print what the alarms say."""
    layout = Layout(directory=options.directory.absolute())
    alarms = read_alarms(parse((REPOSITORY / "template.yaml").read_text(encoding="utf-8")))
    if unknown := set(options.names) - {alarm.name for alarm in alarms}:
        print(f"error: no alarm is called {', '.join(sorted(unknown))}; there are: {_names(alarms)}", file=sys.stderr)
        return 2
    wanted = [alarm for alarm in alarms if not options.names or alarm.name in options.names]
    samples = read_logs(layout)
    if samples.span is None:
        print(f"error: no metrics in {layout.logs}: start the platform with `make run`", file=sys.stderr)
        return 1
    try:
        at = _moment(options.at, samples.span)
    except ValueError:
        print(f"error: {options.at} is no time such as 2026-11-23T07:30, nor `last`", file=sys.stderr)
        return 2
    return _tell(wanted, samples, at, options)


def _tell(wanted: Sequence[Alarm], samples: Samples, at: int, options: argparse.Namespace) -> int:
    if options.history:
        return _print_history(wanted, samples, until=at)
    judged = [_judge(alarm, samples, at) for alarm in wanted]
    if options.json:
        print(json.dumps([_as_json(one, at) for one in judged], indent=2))
    else:
        _print_table(judged, at)
    return SOME_IN_ALARM if any(_is_calling(one) for one in judged) else 0


def read_logs(layout: Layout) -> Samples:
    """Every metric that the programs of a copy wrote, and what stands for those of AWS."""
    samples = Samples()
    for log in sorted(layout.logs.glob("*.log")):
        with log.open(encoding="utf-8", errors="replace") as lines:
            read_lines(lines, samples)
    stand_in_for_balancer(samples)
    stack = read_stack(layout.stack_file)
    if stack is not None:
        look_at_queues(stack, samples, at=time.time())
    return samples


def _moment(wanted: str | None, span: tuple[float, float]) -> int:
    """The second up to which is judged: the end of the minute that is meant."""
    if wanted is None:
        at = time.time()
    elif wanted == "last":
        at = span[1]
    else:
        at = datetime.fromisoformat(wanted).replace(tzinfo=UTC).timestamp()
    return (int(at) // MINUTE_SECONDS + 1) * MINUTE_SECONDS


def _judge(alarm: Alarm, samples: Samples, at: int) -> Judged:
    return Judged(alarm=alarm, verdict=judge(alarm, samples, at=at), is_measured=is_measured(alarm, samples))


def is_measured(alarm: Alarm, samples: Samples) -> bool:
    """Whether somebody measures what it watches.

    A counter of ours may not have had anything to count so far; not so where silence itself is an alarm.
    """
    if alarm.metrics & samples.metrics:
        return True
    speakers = {dict(metric.dimensions).get("service") for metric in samples.metrics if metric.namespace == NAMESPACE}
    may_be_silent = alarm.treat_missing is not TreatMissing.BREACHING
    return may_be_silent and any(
        metric.namespace == NAMESPACE and dict(metric.dimensions)["service"] in speakers for metric in alarm.metrics
    )


def _is_calling(judged: Judged) -> bool:
    return judged.is_measured and judged.verdict.state is State.ALARM


def _print_table(judged: Sequence[Judged], at: int) -> None:
    paint = Paint()
    print(paint.title(f"Alarms at {_clock(at)} UTC"))
    order = [State.ALARM, State.INSUFFICIENT_DATA, State.OK]
    measured = sorted((one for one in judged if one.is_measured), key=lambda one: order.index(one.verdict.state))
    for one in measured:
        print(_line(one, paint))
        if _is_calling(one):
            print(f"{'':18}{paint.aside(one.alarm.description)}")
    if unmeasured := [one.alarm for one in judged if not one.is_measured]:
        print(paint.aside(f"\nnot measured here: {_names(unmeasured)}"))


def _line(judged: Judged, paint: Paint) -> str:
    colours = {State.ALARM: paint.bad, State.OK: paint.good, State.INSUFFICIENT_DATA: paint.doubtful}
    state = judged.verdict.state
    value = judged.verdict.value
    shown = "-" if value is None else f"{value:.6g}"
    return (
        f"{colours[state](f'{state.value:17}')} {judged.alarm.name:26} {shown:>10}  {paint.aside(_rule(judged.alarm))}"
    )


def _rule(alarm: Alarm) -> str:
    number = alarm.evaluation_periods
    times = f"{alarm.datapoints_to_alarm} of {number}" if alarm.datapoints_to_alarm < number else f"{number}"
    return f"alarm {_SIGNS[alarm.comparison]} {alarm.threshold:.6g}, {times} x {alarm.period_seconds} s"


def _print_history(alarms: Sequence[Alarm], samples: Samples, *, until: int) -> int:
    """Each change of state, in the order of time, and what never changed."""
    assert samples.span is not None
    begin = (int(samples.span[0]) // MINUTE_SECONDS + 1) * MINUTE_SECONDS
    changes: list[tuple[int, Alarm, State, float | None]] = []
    for alarm in (alarm for alarm in alarms if is_measured(alarm, samples)):
        state = State.INSUFFICIENT_DATA
        for at in range(begin, until + 1, MINUTE_SECONDS):
            verdict = judge(alarm, samples, at=at, current=state)
            if verdict.state is not state:
                changes.append((at, alarm, verdict.state, verdict.value))
            state = verdict.state
    paint = Paint()
    alarming = {alarm.name for _, alarm, state, _ in changes if state is State.ALARM}
    for at, alarm, state, value in sorted(changes, key=lambda change: change[0]):
        if alarm.name in alarming:
            colour = paint.bad if state is State.ALARM else paint.good
            shown = "-" if value is None else f"{value:.6g}"
            print(
                f"{_clock(at)} {colour(f'{state.value:17}')} {alarm.name:26} {shown:>10}  {paint.aside(_rule(alarm))}"
            )
    print(f"{len(alarming)} of {len(alarms)} alarms called somebody between {_clock(begin)} and {_clock(until)} UTC")
    return SOME_IN_ALARM if alarming else 0


def _as_json(judged: Judged, at: int) -> dict[str, object]:
    return {
        "alarm": judged.alarm.name,
        "state": judged.verdict.state.value,
        "is_measured": judged.is_measured,
        "value": judged.verdict.value,
        "comparison": judged.alarm.comparison,
        "threshold": judged.alarm.threshold,
        "points": list(judged.verdict.points),
        "at": datetime.fromtimestamp(at, UTC).isoformat(),
        "description": judged.alarm.description,
    }


def _clock(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _names(alarms: Sequence[Alarm]) -> str:
    return ", ".join(sorted(alarm.name for alarm in alarms))
