"""The queue's Lambda entry point: what is dealt with, what comes again and when, what is set aside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from shared import queue_runtime, tracing
from shared.domain.burst import Gathering
from shared.errors import (
    AlreadyClaimed,
    InvalidContent,
    InvalidRequest,
    LeaseLost,
    NotYetReadable,
    PlatformError,
    ProviderUnavailable,
    StoreUnavailable,
)
from shared.queue_runtime import MOST_RECEIVES, MOST_UNFORESEEN, RETRY_SECONDS, BatchResponse
from tests.fakes.received_records import FakeReceivedRecords
from tests.traces import traced


class Context:
    """Lambda's context."""

    aws_request_id = "lambda-request"

    def __init__(self, seconds: float = 60) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda says it."""
        return round(self._seconds * 1000)


class Desk:
    """A function behind the handler; `answers` are raised instead, by item."""

    def __init__(self) -> None:
        self.queue = FakeReceivedRecords()
        self.seen: list[tuple[str, ...]] = []
        self.failures: dict[str, Exception] = {}
        self.gathering = Gathering()

    def handle(self, event: dict[str, Any], context: Context | None = None) -> list[str]:
        """The ids of the records that stay in the queue."""

        @queue_runtime.queue_handler(decode, gather=self.gather, queue=self.queue)
        async def handler(items: Sequence[str]) -> None:
            await asyncio.sleep(0)
            self.seen.append(tuple(items))
            for item in items:
                if item in self.failures:
                    raise self.failures[item]

        return left(handler(event, context or Context()))

    async def gather(self, items: Sequence[str]) -> Gathering:
        return self.gathering


def decode(body: str) -> str:
    if "unreadable" in body:
        raise InvalidRequest(f"not an item: {body}")
    return body


def records(*bodies: str, receive_count: int = 1) -> dict[str, Any]:
    """One record per body `group:item`, in order; its id is the body."""
    return {
        "Records": [
            {
                "messageId": body,
                "receiptHandle": f"receipt-{body}",
                "body": body,
                "attributes": {
                    "MessageGroupId": body.partition(":")[0],
                    "MessageDeduplicationId": f"once-{body}",
                    "ApproximateReceiveCount": str(receive_count),
                },
            }
            for body in bodies
        ]
    }


def left(answer: BatchResponse) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_all_records_of_a_batch_are_dealt_with_in_order_within_their_group(desk: Desk) -> None:
    stays = desk.handle(records("a:1", "b:1", "a:2", "b:2"))

    assert stays == []
    for group in ("a", "b"):
        assert [items for items in desk.seen if items[0].startswith(group)] == [(f"{group}:1",), (f"{group}:2",)]


def test_groups_are_dealt_with_at_the_same_time(desk: Desk) -> None:
    arrived = asyncio.Barrier(2)

    @queue_runtime.queue_handler(decode, gather=desk.gather, queue=desk.queue)
    async def handler(_: Sequence[str]) -> None:
        async with asyncio.timeout(2):
            await arrived.wait()

    assert left(handler(records("a:1", "b:1"), Context())) == []


@pytest.mark.parametrize("error", [StoreUnavailable("down"), LeaseLost("late"), ZeroDivisionError("bug")])
def test_after_a_failed_record_the_rest_of_its_group_stays_untouched_and_comes_again_with_it(
    desk: Desk, error: Exception
) -> None:
    desk.failures = {"a:2": error}

    stays = desk.handle(records("a:1", "a:2", "b:1", "a:3"))

    assert stays == ["a:2", "a:3"]
    assert sorted(desk.seen) == [("a:1",), ("a:2",), ("b:1",)]
    ((ids, seconds),) = desk.queue.offered_again
    assert ids == ["a:2", "a:3"]
    assert RETRY_SECONDS[0] <= seconds <= RETRY_SECONDS[0] * 1.25


@pytest.mark.parametrize("receive_count", range(1, MOST_RECEIVES))
def test_the_pause_grows_with_each_attempt_and_differs_among_records(desk: Desk, receive_count: int) -> None:
    bodies = [f"{number}:1" for number in range(20)]
    desk.failures = dict.fromkeys(bodies, StoreUnavailable("down"))

    desk.handle(records(*bodies, receive_count=receive_count))

    pauses = {seconds for _, seconds in desk.queue.offered_again}
    shortest = RETRY_SECONDS[receive_count - 1]
    assert min(pauses) >= shortest
    assert max(pauses) <= 1.25 * shortest
    assert len(pauses) > 1 or shortest < 4


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (ProviderUnavailable("busy", retry_after_seconds=45), 45),
        (ProviderUnavailable("busy", retry_after_seconds=86_400), queue_runtime.LONGEST_RETRY_SECONDS),
        (AlreadyClaimed("leased", retry_after_seconds=1), 1),
    ],
)
def test_what_the_error_asks_for_is_waited(desk: Desk, error: PlatformError, seconds: int) -> None:
    desk.failures = {"a:1": error}

    desk.handle(records("a:1"))

    assert desk.queue.offered_again == [(["a:1"], seconds)]


def test_a_provider_that_asks_for_less_is_not_asked_more_often(desk: Desk) -> None:
    desk.failures = {"a:1": ProviderUnavailable("busy", retry_after_seconds=1)}

    desk.handle(records("a:1", receive_count=3))

    assert desk.queue.offered_again[0][1] >= RETRY_SECONDS[2]


def test_a_record_that_cannot_be_read_is_set_aside_and_its_group_goes_on(desk: Desk) -> None:
    stays = desk.handle(records("a:1", "a:unreadable", "a:3"))

    assert stays == []
    assert desk.queue.set_aside_ids == {"a:unreadable": "unreadable"}
    assert desk.seen == [("a:1",), ("a:3",)]


def test_a_record_of_a_later_release_waits_for_a_worker_that_can_read_it(desk: Desk) -> None:
    def read(body: str) -> str:
        if body == "a:2":
            raise NotYetReadable("of another version")
        return body

    @queue_runtime.queue_handler(read, gather=desk.gather, queue=desk.queue)
    async def handler(items: Sequence[str]) -> None:
        desk.seen.append(tuple(items))

    assert left(handler(records("a:1", "a:2", "a:3"), Context())) == ["a:2", "a:3"]
    assert desk.queue.set_aside_ids == {}
    assert left(handler(records("a:2", "a:3", receive_count=MOST_RECEIVES), Context())) == []
    assert desk.queue.set_aside_ids == {"a:2": "not_yet_readable"}


def test_a_reader_that_breaks_counts_as_unreadable(desk: Desk) -> None:
    def break_down(_: str) -> str:
        raise RecursionError

    @queue_runtime.queue_handler(break_down, gather=desk.gather, queue=desk.queue)
    async def handler(_: Sequence[str]) -> None:
        raise AssertionError("never reached")

    assert left(handler(records("a:1"), Context())) == []
    assert desk.queue.set_aside_ids == {"a:1": "unreadable"}


def test_what_cannot_succeed_is_set_aside_at_once(desk: Desk) -> None:
    desk.failures = {"a:1": InvalidContent("no such channel")}

    assert desk.handle(records("a:1", "a:2")) == []

    assert desk.queue.set_aside_ids == {"a:1": "invalid_content"}
    assert desk.seen == [("a:1",), ("a:2",)]


def test_the_last_attempt_sets_aside_so_that_those_behind_are_tried_before_the_queue_gives_them_up(desk: Desk) -> None:
    desk.failures = {"a:1": StoreUnavailable("down")}

    assert desk.handle(records("a:1", "a:2", receive_count=MOST_RECEIVES)) == []

    assert desk.queue.set_aside_ids == {"a:1": "store_unavailable"}
    assert ("a:2",) in desk.seen


@pytest.mark.parametrize(("receive_count", "is_set_aside"), [(MOST_UNFORESEEN - 1, False), (MOST_UNFORESEEN, True)])
def test_a_fault_of_our_own_is_set_aside_sooner(desk: Desk, receive_count: int, *, is_set_aside: bool) -> None:
    desk.failures = {"a:1": ZeroDivisionError("bug")}

    stays = desk.handle(records("a:1", receive_count=receive_count))

    assert (desk.queue.set_aside_ids == {"a:1": "ZeroDivisionError"}) is is_set_aside
    assert (stays == []) is is_set_aside


def test_what_cannot_be_set_aside_stays_in_the_queue(desk: Desk) -> None:
    desk.queue.is_down = True

    assert desk.handle(records("a:unreadable", "a:2", "b:1")) == ["a:unreadable", "a:2"]

    assert desk.seen == [("b:1",)]


def test_neither_log_nor_reason_shows_what_a_record_holds(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    event = records("a:unreadable-secret-words")
    event["Records"][0]["messageId"] = "id-1"

    desk.handle(event)

    output = capsys.readouterr().out
    lines = [json.loads(line) for line in output.splitlines()]
    assert {"record_unreadable", "record_set_aside"} <= {line.get("message") for line in lines}
    assert "secret-words" not in output + str(desk.queue.set_aside_ids)
    assert any(line.get("records_set_aside") == [1.0] for line in lines)


def test_a_thought_that_may_go_on_is_offered_again_together_with_what_follows(desk: Desk) -> None:
    desk.gathering = Gathering(size=2, wait_seconds=4)

    stays = desk.handle(records("a:1", "a:2"))

    assert stays == ["a:1", "a:2"]
    assert desk.queue.offered_again == [(["a:1", "a:2"], 4)]
    assert desk.seen == []


def test_nothing_is_waited_for_twice(desk: Desk) -> None:
    desk.gathering = Gathering(size=2, wait_seconds=4)

    assert desk.handle(records("a:1", "a:2", receive_count=2)) == []

    assert desk.seen == [("a:1", "a:2")]


def test_a_thought_that_cannot_be_waited_for_is_dealt_with_at_once(desk: Desk) -> None:
    desk.gathering = Gathering(size=1, wait_seconds=4)
    desk.queue.is_down = True

    assert desk.handle(records("a:1")) == []

    assert desk.seen == [("a:1",)]


def test_what_belongs_together_fails_together(desk: Desk) -> None:
    desk.gathering = Gathering(size=2)
    desk.failures = {"a:2": StoreUnavailable("down")}

    assert desk.handle(records("a:1", "a:2", "a:3")) == ["a:1", "a:2", "a:3"]

    assert desk.seen == [("a:1", "a:2")]


def test_what_belongs_together_is_set_aside_in_its_order(desk: Desk) -> None:
    desk.gathering = Gathering(size=2)
    desk.failures = {"a:1": InvalidContent("no such channel")}

    assert desk.handle(records("a:1", "a:2")) == []

    assert list(desk.queue.set_aside_ids) == ["a:1", "a:2"]


def test_an_unreadable_record_ends_a_thought(desk: Desk) -> None:
    desk.gathering = Gathering(size=1)

    assert desk.handle(records("a:1", "a:unreadable", "a:2")) == []

    assert desk.seen == [("a:1",), ("a:2",)]


def test_a_thought_in_waiting_is_no_failure(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.gathering = Gathering(size=1, wait_seconds=4)

    desk.handle(records("a:1"))

    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert any(line.get("records_failed") == [0.0] for line in metrics)


def test_work_that_does_not_end_is_cut_off_before_lambda_does_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_runtime, "SHORTEST_WORK_SECONDS", 0)
    was_cancelled = []

    @queue_runtime.queue_handler(decode, gather=desk.gather, queue=desk.queue)
    async def handler(items: Sequence[str]) -> None:
        if items[0] != "a:2":
            return
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            was_cancelled.append(items)
            raise

    with traced() as traces:
        stays = left(handler(records("a:1", "a:2", "a:3", "b:1"), Context(queue_runtime.CLEARING_UP_SECONDS + 0.05)))

    assert stays == ["a:2", "a:3"]
    assert sorted(span.error for span in traces.named("queue_attempt")) == ["", "", "cut_off"]
    assert was_cancelled == [["a:2"]]
    assert desk.queue.offered_again == [(["a:2", "a:3"], queue_runtime.CUT_OFF_SECONDS)]


def test_what_was_not_even_begun_comes_again_soon(desk: Desk) -> None:
    assert desk.handle(records("a:1"), Context(0)) == ["a:1"]

    assert desk.seen == []
    assert desk.queue.offered_again == [(["a:1"], RETRY_SECONDS[0])]


def test_nothing_is_begun_that_could_not_be_finished(desk: Desk) -> None:
    seconds = queue_runtime.CLEARING_UP_SECONDS + queue_runtime.SHORTEST_WORK_SECONDS - 1

    assert desk.handle(records("a:1", "a:2"), Context(seconds)) == ["a:1", "a:2"]

    assert desk.seen == []
    assert desk.queue.offered_again == [(["a:1", "a:2"], RETRY_SECONDS[0])]


TRACEPARENT = "00-6b03f02fe9bacfaa56ab4efd632387e5-53995c3f42cd8ad8-01"
AMAZON = "Root=1-6b03f02f-e9bacfaa56ab4efd632387e5;Parent=53995c3f42cd8ad8;Sampled=1"


def carrying(event: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """The event with a trace in one of its records, as the queue brings it."""
    record = event["Records"][number]
    record["messageAttributes"] = {"traceparent": {"dataType": "String", "stringValue": TRACEPARENT}}
    record["attributes"] |= {"AWSTraceHeader": AMAZON, "SentTimestamp": "1795420207000"}
    return event


def test_an_attempt_is_part_of_the_trace_in_which_its_message_was_sent(desk: Desk) -> None:
    with traced() as traces:
        desk.handle(carrying(records("a:1", receive_count=2)))

    attempt = traces.only("queue_attempt")
    assert (attempt.trace_id, attempt.parent_id) == ("6b03f02fe9bacfaa56ab4efd632387e5", "53995c3f42cd8ad8")
    assert (attempt.attributes["receive_count"], attempt.error) == (2, "")
    assert int(str(attempt.attributes["waited_ms"])) >= 0


def test_amazons_header_alone_is_enough(desk: Desk) -> None:
    event = carrying(records("a:1"))
    del event["Records"][0]["messageAttributes"]

    with traced() as traces:
        desk.handle(event)

    assert traces.only("queue_attempt").parent_id == "53995c3f42cd8ad8"


def test_messages_that_are_answered_together_stand_in_the_trace_of_the_last_and_name_the_others(desk: Desk) -> None:
    desk.gathering = Gathering(size=2)

    with traced() as traces:
        desk.handle(carrying(records("a:1", "a:2")))

    attempt = traces.only("queue_attempt")
    assert attempt.trace_id != "6b03f02fe9bacfaa56ab4efd632387e5"
    assert [link.span_id for link in attempt.links] == ["53995c3f42cd8ad8"]


@pytest.mark.parametrize(
    ("failure", "code"),
    [(StoreUnavailable("words"), "store_unavailable"), (ValueError("words"), "ValueError")],
)
def test_each_failed_attempt_is_marked_by_its_code_without_words(desk: Desk, failure: Exception, code: str) -> None:
    desk.failures["a:1"] = failure

    with traced() as traces:
        desk.handle(carrying(records("a:1")))
        desk.handle(carrying(records("a:1", receive_count=2)))

    attempts = traces.named("queue_attempt")
    assert [attempt.error for attempt in attempts] == [code, code]
    assert {attempt.trace_id for attempt in attempts} == {"6b03f02fe9bacfaa56ab4efd632387e5"}
    assert "words" not in traces.words()


def test_its_spans_are_handed_over_before_an_invocation_ends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "FINISH_SECONDS", 30)
    with traced() as traces:
        desk.handle(records("a:1"))

        assert traces.sink.written == ["queue_attempt"]


def test_what_is_set_aside_takes_its_trace_along(desk: Desk) -> None:
    with traced() as traces:
        desk.handle(carrying(records("a:unreadable")))

    assert desk.queue.set_aside_carriers == [{"traceparent": TRACEPARENT, "X-Amzn-Trace-Id": AMAZON}]
    assert traces.only("queue_attempt").error == "unreadable"


@pytest.mark.parametrize("odd", [None, {}, {"traceparent": None}, {"traceparent": {"stringValue": "nonsense"}}])
def test_attributes_that_are_none_hinder_nothing(desk: Desk, odd: Any) -> None:
    event = records("a:1")
    event["Records"][0]["messageAttributes"] = odd

    with traced() as traces:
        assert desk.handle(event) == []

    assert traces.only("queue_attempt").parent_id == ""
