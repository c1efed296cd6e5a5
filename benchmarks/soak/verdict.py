"""What must be true of a run in the end, and what is only worth knowing. No clock, no input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.soak.observations import Kind, Observations
from benchmarks.soak.programs import LOCAL_ONLY, ProgramReading
from benchmarks.soak.stores import StoreReading, Tally
from benchmarks.soak.trend import Allowance, Drift, Growth, drift, growth
from benchmarks.voice.figures import MOST_LATE_MS

MEMORY = Allowance(share=0.05, amount=4.0)
"""MiB an hour, of all processes of a program together."""

DESCRIPTORS = Allowance(share=0.05, amount=5.0)
THREADS = Allowance(share=0.05, amount=3.0)
LASTING_KEYS = Allowance(share=0.05, amount=5.0)

SLOWER = {
    Kind.WEBHOOK: Allowance(share=0.25, amount=25.0),
    Kind.REPLY: Allowance(share=0.25, amount=250.0),
    Kind.ACCEPT: Allowance(share=0.25, amount=10.0),
    Kind.RESPONSE: Allowance(share=0.25, amount=25.0),
    Kind.BARGE_IN: Allowance(share=0.25, amount=25.0),
    Kind.LOOP: Allowance(share=0.25, amount=10.0),
}
"""By how much the last third of a run may be slower than the first, at p50 and at p95; ms."""

FAILURES = ("calls failed", "call ends not taken", "posts refused", "utterances without an answer")
CACHE = "valkey"
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at everything, so many seconds after the load began."""

    at_seconds: float
    programs: Mapping[str, ProgramReading]
    stores: StoreReading


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of a run that is judged: from the end of the warm-up to the end of the load."""

    from_seconds: float
    until_seconds: float

    def holds(self, at_seconds: float) -> bool:
        """Whether a moment lies in it."""
        return self.from_seconds <= at_seconds < self.until_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramTrend:
    """How one program went on."""

    memory: Growth
    descriptors: Growth
    threads: Growth
    processes: int
    cores: float
    """Processor time a second."""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """`problems` empty is the only good end, if the run was long enough; `remarks` say how to read the figures."""

    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    is_conclusive: bool = True
    programs: dict[str, ProgramTrend] = field(default_factory=dict)
    drifts: dict[Kind, list[Drift]] = field(default_factory=dict)


def judge(
    samples: Sequence[Sample],
    observations: Observations,
    window: Window,
    *,
    tally: Tally | None,
    errors: Sequence[str],
    restarted: Sequence[str],
    late_ms: Sequence[int] = (),
) -> Verdict:
    """Look at everything.

    Args:
        samples: of the whole run.
        observations: the same.
        window: what of it is judged for growth and slowness; failures count from the first second.
        tally: the database's count; None when the run was broken off, and what is missing may still come.
        errors: what the logs say of each.
        restarted: programs that ended and were started again.
        late_ms: of each minute, how late the callers' own frames left, p99.
    """
    judged = [sample for sample in samples if window.holds(sample.at_seconds)]
    verdict = Verdict(
        programs=program_trends(judged),
        drifts={
            kind: drift(
                observations.latencies(kind),
                from_seconds=window.from_seconds,
                until_seconds=window.until_seconds,
                allowance=allowance,
            )
            for kind, allowance in SLOWER.items()
        },
    )
    verdict.problems += _failures(observations)
    verdict.problems += [] if tally is None else list(reconcile(observations.counts, tally))
    verdict.problems += [f"{name} ended and was started again" for name in restarted]
    if errors:
        kinds = (f"{number} x {error}" for error, number in Counter(errors).most_common(SHOWN))
        verdict.problems.append(f"{len(errors)} errors in the logs: " + "; ".join(kinds))
    if late_ms and max(late_ms) > MOST_LATE_MS:
        verdict.remarks.append(
            f"the callers' own frames left up to {max(late_ms)} ms late (p99 of the worst minute, {MOST_LATE_MS} is "
            "fine): latencies are those of a machine that is too small or too busy for this load"
        )
    _judge_growth(verdict, judged)
    verdict.problems += list(_slowness(verdict.drifts))
    return verdict


def program_trends(judged: Sequence[Sample]) -> dict[str, ProgramTrend]:
    """Each program that ran at the end."""
    if not judged:
        return {}
    return {name: _trend(name, judged) for name in judged[-1].programs}


def reconcile(counts: Counter[str], tally: Tally) -> Iterator[str]:
    """Where the outside and the database disagree: accepted is stored, stored is answered, answered is sent once."""
    if tally.messages != counts["messages"]:
        yield f"{counts['messages']} messages were accepted, {tally.messages} are stored"
    if tally.unfinished or tally.unanswered:
        yield f"{tally.unanswered} messages have no reply, {tally.unfinished} are not done"
    if counts["replies sent"] != tally.messages - tally.joined:
        yield f"{counts['replies sent']} replies were sent for {tally.messages - tally.joined} messages"
    if tally.calls != counts["calls"]:
        yield f"{counts['calls']} calls were connected, {tally.calls} are stored"
    if tally.open_calls:
        yield f"{tally.open_calls} calls have not ended in the database"
    if tally.recorded_calls < tally.calls:
        yield f"{tally.calls - tally.recorded_calls} calls have no recording"


def _failures(observations: Observations) -> Iterator[str]:
    for name in FAILURES:
        if number := observations.counts[name]:
            yield f"{number} {name}: " + "; ".join(dict.fromkeys(observations.reasons[name][:SHOWN]))


def _trend(name: str, judged: Sequence[Sample]) -> ProgramTrend:
    present = [sample for sample in judged if name in sample.programs]

    def of(value: Callable[[ProgramReading], float], allowance: Allowance) -> Growth:
        return growth([(sample.at_seconds, value(sample.programs[name])) for sample in present], allowance)

    first, last = present[0], present[-1]
    seconds = last.at_seconds - first.at_seconds
    spent = last.programs[name].cpu_seconds - first.programs[name].cpu_seconds
    return ProgramTrend(
        memory=of(lambda reading: reading.uss_mib, MEMORY),
        descriptors=of(lambda reading: reading.descriptors, DESCRIPTORS),
        threads=of(lambda reading: reading.threads, THREADS),
        processes=last.programs[name].processes,
        cores=spent / seconds if seconds else 0.0,
    )


def _judge_growth(verdict: Verdict, judged: Sequence[Sample]) -> None:
    """Growth of the product is a problem; that of stand-ins for AWS and the providers is a remark."""
    if not judged or next(iter(verdict.programs.values())).memory.per_hour is None:
        verdict.remarks.append("too few samples after the warm-up: growth and slowness were not judged")
        verdict.is_conclusive = False
    for name, trend in verdict.programs.items():
        found = verdict.remarks if name in LOCAL_ONLY else verdict.problems
        # Of the cache it is judged what it holds, below: its servers fill buffers of a fixed size.
        memory_found = verdict.remarks if name == CACHE else found
        if not trend.memory.is_flat:
            memory_found.append(_growth_line(f"{name}: memory", trend.memory, " MiB"))
        for what, grown in (("descriptors", trend.descriptors), ("threads", trend.threads)):
            if not grown.is_flat:
                found.append(_growth_line(f"{name}: {what}", grown, ""))
    held = growth([(sample.at_seconds, sample.stores.cache_mib) for sample in judged], MEMORY)
    if not held.is_flat:
        verdict.problems.append(_growth_line("what the cache holds", held, " MiB"))
    lasting = growth([(sample.at_seconds, sample.stores.lasting_keys) for sample in judged], LASTING_KEYS)
    if not lasting.is_flat:
        verdict.problems.append(_growth_line("keys of the cache that never expire", lasting, ""))
    if judged and judged[-1].stores.dead_letters > judged[0].stores.dead_letters:
        verdict.problems.append(f"{judged[-1].stores.dead_letters} messages were given up")


def _growth_line(what: str, grown: Growth, unit: str) -> str:
    return (
        f"{what} grew by {grown.per_hour:.1f}{unit} an hour "
        f"(allowed {grown.allowed_per_hour:.1f}, usual {grown.usual:.1f})"
    )


def _slowness(drifts: Mapping[Kind, Sequence[Drift]]) -> Iterator[str]:
    for kind, found in drifts.items():
        for each in found:
            if not each.is_flat:
                yield (
                    f"{kind} p{each.share * 100:.0f}: {each.first:.0f} ms in the first third, "
                    f"{each.last:.0f} ms in the last (allowed {each.allowed:.0f})"
                )
