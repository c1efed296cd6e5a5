"""When a fault fails the drill, and how the table says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from local.drill.fault import Fault, NotTried, Scene
from local.drill.impressions import Impression
from local.drill.series import Outcome
from local.drill.table import Row, as_json, growth, markdown


@asynccontextmanager
async def nothing(_: Scene) -> AsyncIterator[None]:
    yield


FAULT = Fault(name="kill-postgres", title="kill -9: PostgreSQL", inflict=nothing)
OUTCOME = Outcome(
    fault=FAULT,
    since=0.0,
    until=20.0,
    impression=Impression(
        calls_cut=1,
        calls_not_connected=0,
        reconnected=2,
        announced=0,
        silence_seconds=2.25,
        refused_posts=3,
        posts=40,
        refused_pages=0,
        slowest_reply_seconds=4.5,
    ),
    recovery_seconds=2.0,
    starts=Counter(postgres=1),
    tracebacks=Counter(),
    memory_mb=900.0,
)
ROW = Row(outcome=OUTCOME, lost=(), doubled=(), apologies=1)


def test_a_fault_that_loses_nothing_and_recovers_is_no_problem() -> None:
    assert ROW.problems == []


@pytest.mark.parametrize(
    "row",
    [
        replace(ROW, lost=("t000001: never sent",)),
        replace(ROW, doubled=("t000001: sent 2 times",)),
        replace(ROW, outcome=replace(OUTCOME, recovery_seconds=10.5)),
        replace(ROW, outcome=replace(OUTCOME, recovery_seconds=None)),
        replace(ROW, outcome=replace(OUTCOME, starts=Counter(message_worker=9))),
    ],
)
def test_losing_doubling_slowness_and_crash_loops_fail_the_drill(row: Row) -> None:
    assert len(row.problems) == 1


def test_a_double_that_the_provider_leaves_open_is_named_and_does_not_fail() -> None:
    fault = replace(FAULT, edge="the answer was cut off")
    row = replace(ROW, outcome=replace(OUTCOME, fault=fault), doubled=("t000001: sent 2 times",))

    assert row.problems == []
    assert row.cells()[-1] == "1 (the answer was cut off)"


def test_a_program_that_the_fault_itself_kills_again_and_again_is_in_no_crash_loop() -> None:
    fault = replace(FAULT, restarts=frozenset({"valkey"}))
    row = replace(ROW, outcome=replace(OUTCOME, fault=fault, starts=Counter(valkey=9)))

    assert row.problems == []


def test_the_table_says_who_noticed_what_and_what_was_not_tried() -> None:
    table = markdown([ROW], [NotTried(name="dns", title="DNS fails", why="numbers only")])

    assert table.splitlines()[2] == (
        "| kill -9: PostgreSQL | 1 cut, 2 reconnected, 1 apologies, longest silence 2.2 s "
        "| 3 of 40 webhooks refused, longest reply 4.5 s | 2.0 | 0 | 0 |"
    )
    assert table.splitlines()[3] == "| DNS fails | not tried: numbers only |  |  |  |  |"


def test_the_json_holds_everything_that_was_counted() -> None:
    tried, skipped = as_json([ROW], [NotTried(name="dns", title="DNS fails", why="numbers only")])

    assert tried["recovery_seconds"] == 2.0
    assert tried["posts"] == 40
    assert tried["starts"] == {"postgres": 1}
    assert skipped["not_tried"] == "numbers only"


@pytest.mark.parametrize(
    ("memory_mb", "told"),
    [
        ([900.0] * 5, None),
        ([900.0, 950.0, 1000.0, 1100.0, 1340.0], None),
        ([900.0, 1000.0, 1200.0, 1300.0, 1400.0], "memory grew from 900 to 1400 MB"),
        ([900.0, 1400.0], None),
    ],
)
def test_memory_that_grows_over_a_series_is_told(memory_mb: list[float], told: str | None) -> None:
    rows = [replace(ROW, outcome=replace(OUTCOME, memory_mb=each)) for each in memory_mb]

    assert growth(rows) == told
