"""The figures as people read them: a Markdown table for each server, and ratios where there is a peer."""

from __future__ import annotations

import os
import platform
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.voice.figures import LevelFigures
from benchmarks.voice.model_floor import START_MS, STOP_MS, Floor

_HEAD = (
    "| calls | CPU-s per call minute | MiB per call | response p50 / p95 ms | over the stop time, p95 "
    "| barge-in p50 / p95 ms | over the start time, p95 | choppy | accept p95 ms | failed | threads | remarks |"
)


def server_table(levels: Sequence[LevelFigures]) -> Iterator[str]:
    """Lines of a Markdown table, one level each."""
    yield _HEAD
    yield "|" + "---:|" * 11 + "---|"
    for level in levels:
        cost = level.cost
        yield (
            f"| {level.calls} | {cost.cpu_seconds_per_call_minute:.2f} | {_number(cost.mib_per_call, '.2f')} "
            f"| {_pair(level.response_p50, level.response_p95)} | {_over(level.response_p95, STOP_MS)} "
            f"| {_pair(level.barge_in_p50, level.barge_in_p95)} | {_over(level.barge_in_p95, START_MS)} "
            f"| {level.choppy_share:.1%} | {_number(level.accept_p95, '.0f')} | {len(level.failed)} "
            f"| {cost.threads} | {'; '.join(_remarks(level))} |"
        )


def floor_line(floor: Floor) -> str:
    """What the detector's model takes of both figures by itself."""
    return (
        f"Silero alone on this audio: response {_pair(floor.response_p50, floor.response_p95)} ms, "
        f"barge-in {_pair(floor.barge_in_p50, floor.barge_in_p95)} ms."
    )


def ratio_lines(servers: Mapping[str, Sequence[LevelFigures]], *, own: str) -> Iterator[str]:
    """How much more the other servers use, at the same number of calls."""
    ours = {level.calls: level for level in servers.get(own, ())}
    for name, levels in servers.items():
        for level in levels if name != own else ():
            mine = ours.get(level.calls)
            if mine is not None and mine.cost.cpu_seconds_per_call_minute:
                ratio = level.cost.cpu_seconds_per_call_minute / mine.cost.cpu_seconds_per_call_minute
                yield f"{name} at {level.calls} calls uses {ratio:.1f} times the processor time of {own}."


def machine() -> dict[str, str]:
    """What every figure has to be read with."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    is_optimised = "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS"))
    return {
        "processor": f"{os.cpu_count()} x {cpu[1] if cpu else platform.machine()}",
        "system": platform.platform(),
        "python": f"{platform.python_version()}{', PGO' if is_optimised else ', no PGO'}",
        "load average": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "command": " ".join(sys.argv[1:]),
    }


def _remarks(level: LevelFigures) -> Iterator[str]:
    if not level.is_valid:
        yield f"INVALID: the generator was {level.late_p99} ms late"
    if level.unanswered:
        yield f"{level.unanswered} unanswered"
    if level.not_cleared:
        yield f"{level.not_cleared} not cleared"
    if level.talked_over:
        yield f"{level.talked_over} talked over"
    if level.failed:
        yield level.failed[0]
    if level.cost.foreign_share > _NOTABLE_SHARE:
        yield f"others used {level.cost.foreign_share:.0%} of the processor"


_NOTABLE_SHARE = 0.1


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _pair(first: float | None, second: float | None) -> str:
    return f"{_number(first, '.0f')} / {_number(second, '.0f')}"


def _over(value: float | None, floor_ms: int) -> str:
    return "-" if value is None else f"{value - floor_ms:.0f}"
