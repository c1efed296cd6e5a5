from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.soak.observations import Kind, Observations
from benchmarks.soak.programs import ProgramReading
from benchmarks.soak.stores import StoreReading, Tally
from benchmarks.soak.verdict import Sample, Verdict, Window, judge, reconcile

HOUR = 3600
WINDOW = Window(from_seconds=600, until_seconds=HOUR)
STORES = StoreReading(
    database_mib=20,
    database_connections=12,
    cache_mib=8,
    cache_keys=500,
    lasting_keys=7,
    queued=3,
    dead_letters=0,
)
TALLY = Tally(messages=10, joined=1, unfinished=0, unanswered=0, calls=4, open_calls=0, recorded_calls=4)
COUNTS = Counter({"messages": 10, "replies sent": 9, "calls": 4})


def _program(mib: float = 100, descriptors: int = 40, threads: int = 10) -> ProgramReading:
    return ProgramReading(
        processes=1, uss_mib=mib, descriptors=descriptors, sockets=10, threads=threads, cpu_seconds=0.0
    )


def _samples(name: str = "stream_service", *, mib_per_hour: float = 0, descriptors_per_hour: float = 0) -> list[Sample]:
    return [
        Sample(
            at_seconds=at,
            programs={name: _program(100 + mib_per_hour * at / HOUR, 40 + round(descriptors_per_hour * at / HOUR))},
            stores=STORES,
        )
        for at in range(0, HOUR, 10)
    ]


def _judge(samples: list[Sample], observations: Observations | None = None, **facts: object) -> Verdict:
    known: dict[str, object] = {"tally": None, "errors": [], "restarted": [], **facts}
    return judge(samples, observations or Observations(), WINDOW, **known)  # type: ignore[arg-type]


def test_a_quiet_run_has_nothing_wrong() -> None:
    assert _judge(_samples()).problems == []


@pytest.mark.parametrize(
    ("grown", "said"),
    [({"mib_per_hour": 12.0}, "memory grew by 12.0 MiB"), ({"descriptors_per_hour": 60.0}, "descriptors grew by 60")],
)
def test_growth_of_the_product_is_wrong(grown: dict[str, float], said: str) -> None:
    (problem,) = _judge(_samples(**grown)).problems

    assert said in problem


def test_growth_of_a_stand_in_is_only_remarked() -> None:
    verdict = _judge(_samples("simulators", mib_per_hour=50))

    assert verdict.problems == []
    assert any("simulators: memory grew" in remark for remark in verdict.remarks)


def test_what_grows_in_the_warm_up_only_is_fine() -> None:
    samples = [
        replace(sample, programs={"stream_service": _program(min(100, 40 + sample.at_seconds / 10))})
        for sample in _samples()
    ]

    assert _judge(samples).problems == []


def test_keys_that_never_expire_may_not_become_more() -> None:
    samples = [
        replace(sample, stores=replace(STORES, lasting_keys=7 + int(sample.at_seconds) // 60)) for sample in _samples()
    ]

    (problem,) = _judge(samples).problems

    assert "never expire" in problem


def test_servers_of_the_cache_may_fill_their_buffers() -> None:
    verdict = _judge(_samples("valkey", mib_per_hour=50))

    assert verdict.problems == []
    assert any("valkey: memory grew" in remark for remark in verdict.remarks)


def test_what_the_cache_holds_may_not_grow() -> None:
    samples = [
        replace(sample, stores=replace(STORES, cache_mib=8 + 10 * sample.at_seconds / HOUR)) for sample in _samples()
    ]

    (problem,) = _judge(samples).problems

    assert "what the cache holds grew by 10.0 MiB" in problem


def test_keys_that_expire_may_become_more() -> None:
    samples = [
        replace(sample, stores=replace(STORES, cache_keys=500 + int(sample.at_seconds))) for sample in _samples()
    ]

    assert _judge(samples).problems == []


def test_a_message_that_was_given_up_is_wrong() -> None:
    samples = _samples()
    samples[-1] = replace(samples[-1], stores=replace(STORES, dead_letters=1))

    assert _judge(samples).problems == ["1 messages were given up"]


@pytest.mark.parametrize(
    "name", ["calls failed", "call ends not taken", "posts refused", "utterances without an answer"]
)
def test_each_failure_is_wrong_with_its_reason(name: str) -> None:
    observations = Observations()
    observations.fail(name, "because")

    assert _judge(_samples(), observations).problems == [f"1 {name}: because"]


def test_slower_in_the_end_is_wrong() -> None:
    observations = Observations()
    for at in range(600, HOUR):
        observations.took(Kind.RESPONSE, 210 if at < 2600 else 290, at_seconds=at)

    problems = _judge(_samples(), observations).problems

    assert [problem.partition(":")[0] for problem in problems] == ["call response p50", "call response p95"]


def test_errors_in_logs_and_restarts_are_wrong() -> None:
    problems = _judge(
        _samples(), errors=["worker: boom", "x: y", "worker: boom"], restarted=["message_worker"]
    ).problems

    assert problems == [
        "message_worker ended and was started again",
        "3 errors in the logs: 2 x worker: boom; 1 x x: y",
    ]


def test_callers_that_are_late_themselves_are_remarked() -> None:
    quiet, busy = _judge(_samples(), late_ms=[3, 10]), _judge(_samples(), late_ms=[3, 11])

    assert quiet.remarks == []
    assert "11 ms late" in busy.remarks[0]


def test_a_short_run_says_that_growth_was_not_judged() -> None:
    verdict = _judge(_samples(mib_per_hour=1000)[60:70])

    assert verdict.problems == []
    assert any("not judged" in remark for remark in verdict.remarks)


def test_a_run_that_ended_in_its_warm_up_does_not_say_that_nothing_grew() -> None:
    verdict = _judge([])

    assert not verdict.is_conclusive
    assert any("not judged" in remark for remark in verdict.remarks)


def test_what_agrees_is_not_mentioned() -> None:
    assert list(reconcile(COUNTS, TALLY)) == []


@pytest.mark.parametrize(
    ("tally", "counts", "said"),
    [
        (replace(TALLY, messages=9), COUNTS | Counter({"replies sent": 8}), "10 messages were accepted, 9 are stored"),
        (replace(TALLY, unanswered=1), COUNTS, "1 messages have no reply"),
        (TALLY, COUNTS | Counter({"replies sent": 10}), "10 replies were sent for 9 messages"),
        (replace(TALLY, open_calls=1), COUNTS, "1 calls have not ended"),
        (replace(TALLY, recorded_calls=3), COUNTS, "1 calls have no recording"),
        (replace(TALLY, calls=5, recorded_calls=5), COUNTS, "4 calls were connected, 5 are stored"),
    ],
)
def test_what_does_not_agree_is_told(tally: Tally, counts: Counter[str], said: str) -> None:
    assert any(said in problem for problem in reconcile(counts, tally))
