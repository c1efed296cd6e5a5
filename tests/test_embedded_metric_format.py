"""Every metric line that we write is one that CloudWatch takes, and there are few enough to pay for."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from shared.domain.message import Delivery
from shared.domain.reply import ReplyDraft
from shared.observability import count, flush_metrics, measure, record_request, record_turn, turns
from tests.embedded_metric_format import problems
from tests.fakes.clock import FrozenClock
from tests.fakes.outbound_channel import FakeTextChannel
from tests.samples import a_message
from tests.shared.use_cases.house import House
from tests.template import emitted

NOW_MS = time.time() * 1000
STRANGERS = 1000
USERS = 200
DIMENSIONS = {"agent", "channel", "service"}
"""What a turn and a request may be told apart by; none of it is a user's."""


def written(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The metric lines since the last look."""
    flush_metrics()
    return [line for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]


def series_of(lines: list[str]) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """Every metric with its dimensions: what CloudWatch is paid for."""
    return {
        (metric["Name"], frozenset((name, document[name]) for name in names))
        for document in map(json.loads, lines)
        for directive in document["_aws"]["CloudWatchMetrics"]
        for names in directive["Dimensions"]
        for metric in directive["Metrics"]
    }


@pytest.mark.requirement("9.2")
def test_what_every_service_writes_is_taken() -> None:
    lines = [json.dumps(line) for line in emitted.lines()]

    assert len(lines) > len(emitted.SERVICES)
    assert [problem for line in lines for problem in problems(line, now_ms=NOW_MS)] == []


def test_a_busy_minute_is_cut_into_lines_that_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(150):
        measure(f"stage_{number}", 1.5)
    for _ in range(1050):
        count("requests")

    lines = written(capsys)
    assert [problem for line in lines for problem in problems(line, now_ms=NOW_MS)] == []
    documents = [json.loads(line) for line in lines]
    assert sum(sum(document.get("requests", [])) for document in documents) == 1050
    assert sum(f"stage_{number}_ms" in document for document in documents for number in range(150)) == 150


@pytest.mark.requirement("9.2")
async def test_hundreds_of_users_make_no_more_metrics_than_two(
    clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(clock)
    for number in range(2):
        await house.answer(a_message(user_id=f"91980000000{number}"), FakeTextChannel())
    few = series_of(written(capsys))

    for number in range(STRANGERS):
        record_request(method="POST", route=f"/webhooks/messages/{number}", status=200, elapsed_ms=number)
    for number in range(USERS):
        await house.answer(a_message(user_id=f"9180{number:08}"), FakeTextChannel())

    many = series_of(written(capsys))
    assert {name for name, _ in many - few} <= {"requests", "request_ms", "request_errors"}
    assert {name for _, pairs in many for name, _ in pairs} <= DIMENSIONS


def test_very_many_agents_are_measured_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(turns, "_agents", set())

    for number in range(STRANGERS):
        record_turn("voice", ReplyDraft(text="Yes.", agent_id=f"agent-{number}"), Delivery(text="Yes."))

    agents = {value for _, pairs in series_of(written(capsys)) for name, value in pairs if name == "agent"}
    assert len(agents) == 51
    assert "other" in agents


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    document = copy.deepcopy(dict(emitted.lines()[0]))
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.pop("_aws"),
        lambda line: line["_aws"].update(Timestamp=int(NOW_MS / 1000)),
        lambda line: line["_aws"].update(Timestamp=NOW_MS + 0.5),
        lambda line: line["_aws"]["CloudWatchMetrics"][0].pop("Dimensions"),
        lambda line: line["_aws"]["CloudWatchMetrics"][0].update(Namespace=""),
        lambda line: line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0].update(Unit="ms"),
        lambda line: line["_aws"]["CloudWatchMetrics"][0].update(Metrics=[{"Name": f"m{n}"} for n in range(101)]),
        lambda line: line["_aws"]["CloudWatchMetrics"][0].update(Dimensions=[[f"d{n}" for n in range(31)]]),
        lambda line: line.update({line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]: [1.0] * 101}),
        lambda line: line.update({line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]: ["1"]}),
        lambda line: line.update({line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]: float("inf")}),
        lambda line: line.update({line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0][0]: 7}),
        lambda line: line.update({line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0][0]: ""}),
        lambda line: line.update(ballast="x" * 256 * 1024),
    ],
)
def test_what_cloudwatch_would_not_take_is_found(change: Callable[[dict[str, Any]], object]) -> None:
    assert problems(changed(lambda line: None), now_ms=NOW_MS) == []

    assert problems(changed(change), now_ms=NOW_MS)
