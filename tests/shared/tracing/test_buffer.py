"""What ended spans wait in: bounded, never in anybody's way, and what was lost is counted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from shared import observability, tracing
from shared.domain.span import FinishedSpan
from shared.errors import StoreUnavailable
from shared.tracing import buffer


class Sink:
    """Remembers; `is_open` keeps it waiting, `error` is raised, `refused` are said not to be taken."""

    def __init__(self) -> None:
        self.spans: list[FinishedSpan] = []
        self.is_open = threading.Event()
        self.is_open.set()
        self.has_begun = threading.Event()
        self.error: Exception | None = None
        self.refused = 0

    def write(self, service: str, spans: Sequence[FinishedSpan]) -> int:
        self.has_begun.set()
        self.is_open.wait(30)
        if self.error is not None:
            raise self.error
        self.spans += spans
        return self.refused


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.is_open.set()
    tracing.configure(None)


def dropped(output: str) -> float:
    metrics = [json.loads(line) for line in output.splitlines() if "spans_dropped" in line and "_aws" in line]
    return sum(sum(line["spans_dropped"]) for line in metrics)


def test_when_finish_returns_everything_is_written(sink: Sink) -> None:
    tracing.configure(sink, service="worker")
    for _ in range(3 * buffer.BATCH_SPANS):
        with tracing.span("query"):
            pass

    tracing.finish(30)

    assert len(sink.spans) == 3 * buffer.BATCH_SPANS


def test_a_sink_that_hangs_holds_nobody_up_longer_than_was_allowed(sink: Sink) -> None:
    tracing.configure(sink, service="worker")
    sink.is_open.clear()
    with tracing.span("query"):
        pass
    began = time.monotonic()

    tracing.finish(0.05)

    assert time.monotonic() - began < 10
    assert sink.spans == []


def test_what_finds_no_room_is_dropped_and_counted(
    sink: Sink, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(buffer, "MOST_WAITING", 5)
    monkeypatch.setattr(buffer, "BATCH_SPANS", 1)
    tracing.configure(sink, service="worker")
    sink.is_open.clear()
    with tracing.span("in the hands of the thread"):
        pass
    assert sink.has_begun.wait(30)
    for _ in range(50):
        with tracing.span("query"):
            pass
    observability.flush_metrics()
    sink.is_open.set()
    tracing.finish(30)

    assert len(sink.spans) == 1 + 5
    assert dropped(capsys.readouterr().out) == 50 - 5


@pytest.mark.parametrize("error", [OSError("disk full"), RuntimeError("anything")])
def test_what_a_sink_cannot_write_is_counted_told_once_and_raised_nowhere(
    sink: Sink, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    tracing.configure(sink, service="worker")
    sink.error = error
    for _ in range(3):
        with tracing.span("query"):
            pass
        tracing.finish(30)
    observability.flush_metrics()

    output = capsys.readouterr().out
    assert dropped(output) == 3
    assert output.count("spans_not_written") == 1


def test_what_a_sink_refuses_is_counted(sink: Sink, capsys: pytest.CaptureFixture[str]) -> None:
    tracing.configure(sink, service="worker")
    sink.refused = 1
    with tracing.span("query"):
        pass

    tracing.finish(30)
    observability.flush_metrics()

    assert dropped(capsys.readouterr().out) == 1


def test_of_what_is_not_sampled_only_what_failed_is_kept_and_then_as_a_whole(sink: Sink) -> None:
    tracing.configure(sink, service="worker", sample_ratio=0)
    with tracing.span("good"), tracing.span("part"):
        pass
    with tracing.span("bad") as bad:
        bad.fail(StoreUnavailable("down"))
        with tracing.span("done"):
            pass

    tracing.finish(30)

    assert [span.name for span in sink.spans] == ["done", "bad"]


def test_of_a_long_trace_that_failed_the_latest_spans_are_kept_and_its_top(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer, "MOST_UNDECIDED_SPANS", 3)
    tracing.configure(sink, service="worker", sample_ratio=0)
    with tracing.span("call"):
        for number in range(10):
            with tracing.span(f"turn {number}") as turn:
                if number == 1:
                    turn.fail(StoreUnavailable("down"))

    tracing.finish(30)

    assert [span.name for span in sink.spans] == ["turn 8", "turn 9", "call"]


def test_of_too_many_traces_that_go_on_unsampled_the_oldest_are_forgotten(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer, "MOST_UNDECIDED_TRACES", 2)
    tracing.configure(sink, service="worker", sample_ratio=0)
    calls = [tracing.begin(f"call {number}") for number in range(3)]
    for number, call in enumerate(calls):
        tracing.begin(f"turn {number}", parent=call).end()

    for call in calls:
        call.fail(StoreUnavailable("down"))
        call.end()
    tracing.finish(30)

    assert [span.name for span in sink.spans] == ["call 0", "turn 1", "call 1", "turn 2", "call 2"]


def test_what_was_not_sampled_at_the_webhook_is_not_at_the_worker_either(sink: Sink) -> None:
    tracing.configure(sink, service="worker", sample_ratio=0)
    with tracing.span("webhook"):
        carrier = tracing.carrier()
    tracing.configure(sink, service="worker", sample_ratio=1)

    with tracing.span("attempt", parent=carrier, kind="consumer"):
        pass
    tracing.finish(30)

    assert sink.spans == []


def test_a_stranger_cannot_make_us_keep_what_we_would_not(sink: Sink) -> None:
    tracing.configure(sink, service="webhook", sample_ratio=0)
    header = {"traceparent": "00-6b03f02fe9bacfaa56ab4efd632387e5-53995c3f42cd8ad8-01"}

    with tracing.span("request", parent=header, kind="server"):
        pass
    tracing.finish(30)

    assert sink.spans == []
