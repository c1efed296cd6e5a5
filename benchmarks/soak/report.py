"""The run as people read it: a row for each minute, and in the end a table of programs and what was wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.soak.observations import Kind, Observations
from benchmarks.soak.programs import LOCAL_ONLY
from benchmarks.soak.trend import Drift, Growth
from benchmarks.soak.verdict import SLOWER, Sample, Verdict

SECONDS_PER_MINUTE = 60

MINUTE_HEAD = (
    "| minute | calls (now / so far) | messages (so far / waiting / oldest s) | webhook p50 / p95 | reply p50 / p95 "
    "| accept p95 | response p50 / p95 | barge-in p50 / p95 | loop p95 | late p99 | queued | stream MiB / fds "
    "| functions MiB / fds | PostgreSQL MiB / backends | cache MiB / keys / lasting | stand-ins MiB | cores |\n"
    "|---:|" + "---:|" * 16
)
STORES = frozenset({"postgres", "valkey"})


def minute_row(
    minute: int,
    observations: Observations,
    samples: Sequence[Sample],
    *,
    calls_now: int,
    waiting: int,
    oldest_seconds: float,
    late_ms: int,
) -> str:
    """The minute of this number (from 1); `samples` are those of this minute, one at least."""
    counts, last = observations.counts, samples[-1]
    cells = [
        str(minute),
        f"{calls_now} / {counts['calls']}",
        f"{counts['messages']} / {waiting} / {oldest_seconds:.0f}",
        *_latency_cells(observations, minute),
        str(late_ms),
        str(last.stores.queued),
        _memory(last, is_stream),
        _memory(last, is_function),
        f"{_mib(last, 'postgres')} / {last.stores.database_connections}",
        f"{last.stores.cache_mib:.1f} / {last.stores.cache_keys} / {last.stores.lasting_keys}",
        f"{sum(reading.uss_mib for name, reading in last.programs.items() if name in LOCAL_ONLY):.0f}",
        f"{_cores(samples):.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def is_stream(name: str) -> bool:
    """Whether a program is a task of the stream service."""
    return name.startswith("stream_service")


def is_function(name: str) -> bool:
    """Whether a program is a function."""
    return not is_stream(name) and name not in LOCAL_ONLY and name not in STORES


def summary_lines(
    verdict: Verdict,
    observations: Observations,
    *,
    first: Sample | None,
    last: Sample | None,
    keys: Mapping[str, tuple[int, int, int]],
) -> Iterator[str]:
    """Everything after the last minute, as Markdown."""
    yield from ("", "### Programs after the warm-up", "")
    yield from _program_table(verdict)
    yield from ("", "### Latency, first and last third", "")
    yield from _drift_table(verdict.drifts)
    yield from ("", "### Counts", "")
    yield "; ".join(f"{name} {number}" for name, number in sorted(observations.counts.items()))
    if first is not None and last is not None:
        before, after = first.stores, last.stores
        yield (
            f"database {before.database_mib:.0f} to {after.database_mib:.0f} MiB; "
            f"cache {before.cache_mib:.1f} to {after.cache_mib:.1f} MiB, {before.cache_keys} to {after.cache_keys} keys"
        )
    if keys:
        yield from ("", "| keys of the cache | number | never expire | longest left, s |", "|---|---:|---:|---:|")
        yield from (f"| {form} | {number} | {lasting} | {left} |" for form, (number, lasting, left) in keys.items())
    yield from ("", "### Verdict", "")
    yield from (f"- remark: {remark}" for remark in verdict.remarks)
    yield from (f"- WRONG: {problem}" for problem in verdict.problems)
    if not verdict.problems:
        yield "Nothing grew, nothing slowed down, nothing failed." if verdict.is_conclusive else "Nothing failed."


def _program_table(verdict: Verdict) -> Iterator[str]:
    yield (
        "| program | processes | MiB | MiB more an hour (allowed) | descriptors | more an hour (allowed) | threads "
        "| more an hour (allowed) | cores |"
    )
    yield "|---|" + "---:|" * 8
    for name, trend in sorted(verdict.programs.items(), key=lambda pair: (pair[0] in LOCAL_ONLY, pair[0])):
        label = f"{name} (local only)" if name in LOCAL_ONLY else f"**{name}**"
        grown = (_growth_cells(each) for each in (trend.memory, trend.descriptors, trend.threads))
        yield f"| {label} | {trend.processes} | {' | '.join(grown)} | {trend.cores:.3f} |"


def _growth_cells(grown: Growth) -> str:
    more = "-" if grown.per_hour is None else f"{grown.per_hour:+.1f} ({grown.allowed_per_hour:.1f})"
    return f"{grown.usual:.0f} | {more}"


def _drift_table(drifts: Mapping[Kind, Sequence[Drift]]) -> Iterator[str]:
    yield "| ms | p50: first | last | allowed | p95: first | last | allowed |"
    yield "|---|" + "---:|" * 6
    for kind, found in drifts.items():
        cells = (f"{each.first:.0f} | {each.last:.0f} | {each.allowed:.0f}" for each in found)
        yield f"| {kind} | {' | '.join(cells) if found else '- | - | - | - | - | -'} |"


def _latency_cells(observations: Observations, minute: int) -> Iterator[str]:
    for kind in SLOWER:
        p50, p95 = (
            observations.percentile(
                kind,
                share,
                from_seconds=(minute - 1) * SECONDS_PER_MINUTE,
                until_seconds=minute * SECONDS_PER_MINUTE,
            )
            for share in (0.5, 0.95)
        )
        yield _number(p95) if kind in {Kind.ACCEPT, Kind.LOOP} else f"{_number(p50)} / {_number(p95)}"


def _memory(sample: Sample, is_meant: object) -> str:
    assert callable(is_meant)
    found = [reading for name, reading in sample.programs.items() if is_meant(name)]
    return f"{sum(reading.uss_mib for reading in found):.0f} / {sum(reading.descriptors for reading in found)}"


def _mib(sample: Sample, name: str) -> str:
    return f"{sample.programs[name].uss_mib:.0f}" if name in sample.programs else "-"


def _cores(samples: Sequence[Sample]) -> float:
    """Processor time a second of all programs together."""
    first, last = samples[0], samples[-1]
    seconds = last.at_seconds - first.at_seconds
    spent = sum(
        reading.cpu_seconds - first.programs[name].cpu_seconds
        for name, reading in last.programs.items()
        if name in first.programs
    )
    return spent / seconds if seconds else 0.0


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
