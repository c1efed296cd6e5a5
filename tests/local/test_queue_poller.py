from __future__ import annotations

import asyncio
import json
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from local.lambda_pool import InvocationFailedError
from local.layout import REPOSITORY
from local.queue_poller import EventSourceMapping, QueuePoller, read_mapping
from local.template import read_local

LOST_SECONDS = 31
MAPPING = EventSourceMapping(function="Worker", queue_url="http://queue", queue_arn="arn:queue", batch_size=5)


class Queue:
    """The calls of an SQS client that the poller makes, over a list of message ids."""

    def __init__(self, *ids: str) -> None:
        self.waiting = deque(ids)
        self.in_flight: dict[str, str] = {}
        self.receives: dict[str, int] = {}
        self.deleted: list[str] = []
        self.made_visible: list[tuple[str, int]] = []
        self.attempts: list[str] = []

    def receive_message(self, *, MaxNumberOfMessages: int, ReceiveRequestAttemptId: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's names.
        self.attempts.append(ReceiveRequestAttemptId)
        messages: list[dict[str, Any]] = []
        while self.waiting and len(messages) < MaxNumberOfMessages:
            message_id = self.waiting.popleft()
            self.receives[message_id] = self.receives.get(message_id, 0) + 1
            self.in_flight[f"receipt-{message_id}"] = message_id
            messages.append(
                {
                    "MessageId": message_id,
                    "ReceiptHandle": f"receipt-{message_id}",
                    "Body": "{}",
                    "MD5OfBody": "",
                    "Attributes": {"ApproximateReceiveCount": str(self.receives[message_id])},
                }
            )
        return {"Messages": messages} if messages else {}

    def delete_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> None:  # noqa: N803
        self.deleted += [self.in_flight.pop(entry["ReceiptHandle"]) for entry in Entries]

    def change_message_visibility_batch(self, *, Entries: list[dict[str, Any]], **_: Any) -> None:  # noqa: N803
        for entry in Entries:
            message_id = self.in_flight.pop(entry["ReceiptHandle"], entry["ReceiptHandle"])
            self.made_visible.append((message_id, entry["VisibilityTimeout"]))
            self.waiting.append(message_id)


class Worker:
    """Answers each batch with the next of the given results; then everything is handled."""

    def __init__(self, *results: Any) -> None:
        self.results = deque(results)
        self.batches: list[list[str]] = []

    async def invoke(self, event: Any) -> Any:
        self.batches.append([record["messageId"] for record in event["Records"]])
        result = self.results.popleft() if self.results else None
        if isinstance(result, Exception):
            raise result
        return result


async def poll(queue: Queue, worker: Worker, file: Path, *, until_deleted: int) -> None:
    polling = asyncio.create_task(QueuePoller(MAPPING, worker, queue, file, lost_seconds=LOST_SECONDS).run())
    async with asyncio.timeout(10):
        while len(queue.deleted) < until_deleted:
            await asyncio.sleep(0)
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)


async def test_handled_messages_are_removed(tmp_path: Path) -> None:
    queue, worker = Queue("a", "b"), Worker({"batchItemFailures": []})

    await poll(queue, worker, tmp_path / "in_flight.json", until_deleted=2)

    assert worker.batches == [["a", "b"]]
    assert queue.deleted == ["a", "b"]


async def test_batches_are_no_larger_than_the_template_says(tmp_path: Path) -> None:
    queue, worker = Queue(*"abcdefg"), Worker()

    await poll(queue, worker, tmp_path / "in_flight.json", until_deleted=7)

    assert worker.batches == [list("abcde"), list("fg")]


async def test_failed_messages_stay_hidden_for_as_long_as_the_worker_has_set(tmp_path: Path) -> None:
    queue, worker = Queue("a", "b"), Worker({"batchItemFailures": [{"itemIdentifier": "b"}]})

    await poll(queue, worker, tmp_path / "in_flight.json", until_deleted=1)

    assert worker.batches == [["a", "b"]]
    assert (queue.deleted, list(queue.in_flight.values()), queue.made_visible) == (["a"], ["b"], [])


async def test_what_was_lost_with_the_worker_comes_again_in_order_when_its_leases_have_run_out(tmp_path: Path) -> None:
    queue, worker = Queue("b", "a"), Worker(InvocationFailedError("gone"))

    await poll(queue, worker, tmp_path / "in_flight.json", until_deleted=2)

    assert worker.batches == [["b", "a"], ["b", "a"]]
    assert queue.made_visible == [("b", LOST_SECONDS), ("a", LOST_SECONDS)]


@pytest.mark.parametrize("report", [{"batchItemFailures": [{}]}, {"batchItemFailures": [{"itemIdentifier": "x"}]}])
async def test_report_that_makes_no_sense_counts_as_failure_of_the_batch(
    tmp_path: Path, report: dict[str, Any]
) -> None:
    queue, worker = Queue("a"), Worker(report)

    await poll(queue, worker, tmp_path / "in_flight.json", until_deleted=1)

    assert worker.batches == [["a"], ["a"]]


async def test_poller_that_was_killed_gives_its_messages_back_when_it_returns(tmp_path: Path) -> None:
    queue = Queue()
    queue.in_flight = {"receipt-a": "a", "receipt-b": "b"}
    (tmp_path / "in_flight.json").write_text(json.dumps({"attempt": "", "handles": ["receipt-b", "receipt-a"]}))

    await poll(queue, Worker(), tmp_path / "in_flight.json", until_deleted=2)

    assert queue.made_visible == [("b", LOST_SECONDS), ("a", LOST_SECONDS)]


async def test_poller_that_was_killed_asks_again_for_an_answer_that_it_may_have_missed(tmp_path: Path) -> None:
    queue = Queue("a")
    (tmp_path / "in_flight.json").write_text(json.dumps({"attempt": "missed", "handles": []}))

    await poll(queue, Worker(), tmp_path / "in_flight.json", until_deleted=1)

    assert queue.attempts[0] == "missed"
    assert "missed" not in queue.attempts[1:]


def test_template_of_the_platform_feeds_the_worker_from_its_queue() -> None:
    attributes = {"MessageQueue": {"Ref": "http://queue", "Arn": "arn:queue"}}

    mapping = read_mapping(read_local(REPOSITORY / "template.yaml", attributes))

    assert (mapping.function, mapping.queue_url, mapping.queue_arn) == ("MessageWorker", "http://queue", "arn:queue")
    assert 1 <= mapping.batch_size <= 10
