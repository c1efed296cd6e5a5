"""Spans as the platform's code uses them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from shared import observability, tracing
from shared.errors import StoreUnavailable
from tests.traces import Traces, traced

ROOT = "Root=1-6b03f02f-e9bacfaa56ab4efd632387e5"


@pytest.fixture
def traces() -> Iterator[Traces]:
    with traced() as seen:
        yield seen


def test_a_span_lies_below_the_one_that_is_current(traces: Traces) -> None:
    with tracing.span("outer"), tracing.span("inner"):
        pass

    assert traces.below(traces.only("outer")) == ["inner"]
    assert traces.only("outer").parent_id == ""


async def test_tasks_that_were_started_meanwhile_belong_to_the_span(traces: Traces) -> None:
    async def part() -> None:
        with tracing.span("part"):
            await asyncio.sleep(0)

    with tracing.span("whole"):
        await asyncio.gather(part(), part())

    assert traces.below(traces.only("whole")) == ["part", "part"]


def test_a_carrier_goes_on_with_the_trace_of_another_program(traces: Traces) -> None:
    with tracing.span("webhook"):
        carrier = tracing.carrier()
    with tracing.span("worker", parent=carrier, kind="consumer"):
        pass

    webhook, worker = traces.only("webhook"), traces.only("worker")
    assert (worker.trace_id, worker.parent_id) == (webhook.trace_id, webhook.span_id)
    assert worker.has_remote_parent


def test_both_headers_name_the_same_place(traces: Traces) -> None:
    with tracing.span("webhook"):
        carrier = tracing.carrier()

    span = traces.only("webhook")
    assert carrier["traceparent"] == f"00-{span.trace_id}-{span.span_id}-01"
    root = f"1-{span.trace_id[:8]}-{span.trace_id[8:]}"
    assert carrier["X-Amzn-Trace-Id"] == f"Root={root};Parent={span.span_id};Sampled=1"


def test_a_trace_that_has_an_id_and_no_span_yet_begins_with_ours(traces: Traces) -> None:
    with tracing.span("request", parent={"x-amzn-trace-id": ROOT}):
        pass

    request = traces.only("request")
    assert (request.trace_id, request.parent_id) == ("6b03f02fe9bacfaa56ab4efd632387e5", "")


def test_ids_begin_with_the_second_as_x_ray_wants_them(traces: Traces) -> None:
    began = int(time.time())

    with tracing.span("request"):
        pass

    assert began <= int(traces.only("request").trace_id[:8], 16) <= time.time()


def test_an_error_of_ours_marks_the_span_by_its_code_and_goes_on(traces: Traces) -> None:
    with pytest.raises(StoreUnavailable), tracing.span("query"):
        raise StoreUnavailable("secret words of +919800000001")

    assert traces.only("query").error == "store_unavailable"
    assert "secret words" not in traces.words()


def test_any_other_exception_marks_it_by_its_kind_never_by_its_words(traces: Traces) -> None:
    with pytest.raises(ValueError, match="what a user said"), tracing.span("query"):
        raise ValueError("what a user said")

    assert traces.only("query").error == "ValueError"
    assert "what a user said" not in traces.words()


def test_what_was_cancelled_did_not_fail(traces: Traces) -> None:
    with pytest.raises(asyncio.CancelledError), tracing.span("model"):
        raise asyncio.CancelledError

    assert traces.only("model").error == ""
    assert traces.only("model").attributes["cancelled"] is True


def test_what_got_into_an_attribute_by_mistake_is_masked(traces: Traces) -> None:
    observability.hide(["hunter2-hunter2"])

    with tracing.span("send", to="+919800000001", authorization="Bearer abc", note="with hunter2-hunter2"):
        pass

    shown = json.dumps(dict(traces.only("send").attributes))
    assert "9800000001" not in shown
    assert "Bearer" not in shown
    assert "hunter2" not in shown


def test_a_span_that_outlives_its_block_is_current_only_where_it_is_wanted(traces: Traces) -> None:
    turn = tracing.begin("turn")
    with turn.active(), tracing.span("model"):
        pass
    with tracing.span("elsewhere"):
        pass
    turn.end()
    turn.end()

    assert traces.below(traces.only("turn")) == ["model"]
    assert traces.only("elsewhere").parent_id == ""


def test_links_name_the_spans_of_what_is_answered_together(traces: Traces) -> None:
    with tracing.span("first"):
        first = tracing.carrier()
    with tracing.span("answer", links=[first, {}]):
        pass

    (link,) = traces.only("answer").links
    assert (link.trace_id, link.span_id) == (traces.only("first").trace_id, traces.only("first").span_id)


def test_a_part_of_nothing_leaves_no_trace(traces: Traces) -> None:
    with tracing.part("database"):
        pass

    assert traces.ended == []


def test_log_lines_carry_the_trace(traces: Traces, capsys: pytest.CaptureFixture[str]) -> None:
    observability.unbind()

    with tracing.span("request"):
        observability.logger.info("something_happened")

    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["trace_id"] == traces.only("request").trace_id


def test_without_a_sink_there_is_nothing_and_nothing_to_carry() -> None:
    with tracing.span("request", agent_id="clinic") as span:
        span.set(code="x")
        span.event("y")
        span.fail("z")
        begun = tracing.begin("turn")
        begun.end()

        assert (tracing.carrier(), tracing.trace_id(), begun.carrier()) == ({}, "", {})
    tracing.finish(1)


def test_without_a_sink_opentelemetry_is_not_even_loaded() -> None:
    program = (
        "import sys; from shared import tracing\n"
        "with tracing.span('a'): tracing.carrier()\n"
        "tracing.configure(None)\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert re.sub(r"\s", "", done.stdout) == "[]"


def test_the_clients_of_stores_load_nothing_of_opentelemetrys_sdk() -> None:
    program = (
        "import sys; from shared.adapters.redis import client; from shared.adapters.postgres import engine\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
