"""The queue operations over HTTP's form, with the queues that moto describes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from moto.sqs.models import sqs_backends

from local.queues.service import QueueService, RefusedError
from local.template import ACCOUNT_ID, REGION

MAIN, DEAD, PLAIN = "messages.fifo", "dead.fifo", "events"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "queues.sqlite"


@pytest.fixture(autouse=True)
def _queues() -> Iterator[None]:
    with mock_aws():
        backend = sqs_backends[ACCOUNT_ID][REGION]
        backend.create_queue(DEAD, None, FifoQueue="true")
        backend.create_queue(
            MAIN,
            None,
            FifoQueue="true",
            VisibilityTimeout="30",
            RedrivePolicy={
                "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{DEAD}",
                "maxReceiveCount": 2,
            },
        )
        backend.create_queue(PLAIN, None)
        yield


_opened: list[QueueService] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def a_service(file: Path) -> QueueService:
    """As one process has it; several on a file are one process after the other."""
    _opened.append(QueueService(lambda: sqs_backends[ACCOUNT_ID][REGION], file))
    return _opened[-1]


def ask(service: QueueService, operation: str, queue: str = MAIN, **parameters: Any) -> dict[str, Any]:
    return service.answer(operation, {"QueueUrl": f"http://127.0.0.1/{ACCOUNT_ID}/{queue}", **parameters})


def send(service: QueueService, body: str, *, group: str = "user", deduplication_id: str = "") -> dict[str, Any]:
    return ask(
        service,
        "SendMessage",
        MessageBody=body,
        MessageGroupId=group,
        MessageDeduplicationId=deduplication_id or body,
    )


def receive(service: QueueService, queue: str = MAIN, **parameters: Any) -> list[dict[str, Any]]:
    wanted = {"MaxNumberOfMessages": 10, "AttributeNames": ["All"], **parameters}
    found: list[dict[str, Any]] = ask(service, "ReceiveMessage", queue, **wanted).get("Messages", [])
    return found


def bodies(messages: list[dict[str, Any]]) -> list[str]:
    return [message["Body"] for message in messages]


def test_a_message_is_sent_received_and_deleted(file: Path) -> None:
    service = a_service(file)
    send(service, "hello", deduplication_id="wamid.1")

    (message,) = receive(service)
    ask(service, "DeleteMessage", ReceiptHandle=message["ReceiptHandle"])

    assert message["Attributes"]["MessageGroupId"] == "user"
    assert message["Attributes"]["MessageDeduplicationId"] == "wamid.1"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert receive(service) == []


def test_the_same_message_is_taken_once_and_keeps_its_id(file: Path) -> None:
    service = a_service(file)

    first, again = send(service, "hello", deduplication_id="1"), send(service, "hello", deduplication_id="1")

    assert first["MessageId"] == again["MessageId"]
    assert bodies(receive(service)) == ["hello"]


def test_what_was_queued_is_there_after_a_restart_and_what_was_deleted_is_not(file: Path) -> None:
    before = a_service(file)
    for body in ("one", "two", "three"):
        send(before, body)
    first = receive(before, MaxNumberOfMessages=1)[0]
    ask(before, "DeleteMessage", ReceiptHandle=first["ReceiptHandle"])

    after = a_service(file)
    send(after, "four")

    assert bodies(receive(after)) == ["two", "three", "four"]


def test_what_fails_too_often_moves_to_the_dead_letters_and_stays_there(file: Path) -> None:
    service = a_service(file)
    send(service, "poison")
    for _ in range(2):
        (message,) = receive(service)
        ask(service, "ChangeMessageVisibility", ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)

    assert receive(service) == []
    assert bodies(receive(a_service(file), DEAD)) == ["poison"]


def test_a_long_poll_returns_as_soon_as_a_message_comes(file: Path) -> None:
    service = a_service(file)
    found: list[list[dict[str, Any]]] = []
    polling = threading.Thread(target=lambda: found.append(receive(service, WaitTimeSeconds=20)))
    polling.start()

    send(service, "hello")
    polling.join(10)

    assert [bodies(messages) for messages in found] == [["hello"]]


def test_a_batch_names_each_entry(file: Path) -> None:
    service = a_service(file)
    entries = [
        {"Id": str(n), "MessageBody": f"m{n}", "MessageGroupId": "user", "MessageDeduplicationId": str(n)}
        for n in range(3)
    ]
    sent = ask(service, "SendMessageBatch", Entries=entries)
    receipts = [message["ReceiptHandle"] for message in receive(service)]

    deleted = ask(
        service,
        "DeleteMessageBatch",
        Entries=[{"Id": str(n), "ReceiptHandle": receipt} for n, receipt in enumerate([*receipts, "unknown"])],
    )

    assert [entry["Id"] for entry in sent["Successful"]] == ["0", "1", "2"]
    assert [entry["Id"] for entry in deleted["Successful"]] == ["0", "1", "2"]
    assert [(entry["Id"], entry["Code"]) for entry in deleted["Failed"]] == [("3", "ReceiptHandleIsInvalid")]


def test_the_attributes_count_what_waits_and_what_is_on_its_way(file: Path) -> None:
    service = a_service(file)
    for body in ("one", "two"):
        send(service, body, group=body)
    receive(service, MaxNumberOfMessages=1)

    attributes = ask(service, "GetQueueAttributes", AttributeNames=["All"])["Attributes"]

    assert attributes["ApproximateNumberOfMessages"] == "1"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert attributes["FifoQueue"] == "true"


def test_a_purged_queue_is_empty_for_ever(file: Path) -> None:
    service = a_service(file)
    send(service, "hello")

    ask(service, "PurgeQueue")

    assert receive(service) == []
    assert receive(a_service(file)) == []


def test_a_standard_queue_needs_no_group(file: Path) -> None:
    service = a_service(file)
    for body in ("one", "two"):
        ask(service, "SendMessage", PLAIN, MessageBody=body)
    (first,) = receive(service, PLAIN, MaxNumberOfMessages=1)

    assert bodies([first, *receive(service, PLAIN)]) == ["one", "two"]


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("SendMessage", {"MessageBody": "x"}, "MissingParameter"),
        ("SendMessage", {"MessageBody": "x", "MessageGroupId": "user"}, "InvalidParameterValue"),
        ("SendMessage", {"MessageBody": "x" * 2**21, "MessageGroupId": "user"}, "InvalidParameterValue"),
        ("SendMessageBatch", {"Entries": []}, "EmptyBatchRequest"),
        ("DeleteMessage", {"ReceiptHandle": "unknown"}, "ReceiptHandleIsInvalid"),
        ("ReceiveMessage", {"MaxNumberOfMessages": 11}, "InvalidParameterValue"),
        ("ReceiveMessage", {"QueueUrl": "http://127.0.0.1/1/none"}, "QueueDoesNotExist"),
    ],
)
def test_what_sqs_refuses_is_refused(file: Path, operation: str, parameters: dict[str, Any], code: str) -> None:
    service = a_service(file)

    with pytest.raises(RefusedError) as refused:
        ask(service, operation, **parameters)

    assert refused.value.code == code


TRACE_HEADER = f"Root=1-{'a' * 8}-{'b' * 24};Parent={'c' * 16};Sampled=1"
TRACEPARENT = {"traceparent": {"DataType": "String", "StringValue": "00-aa-bb-01"}}


def send_traced(service: QueueService) -> None:
    ask(
        service,
        "SendMessageBatch",
        Entries=[
            {
                "Id": "0",
                "MessageBody": "poison",
                "MessageGroupId": "user",
                "MessageDeduplicationId": "1",
                "MessageAttributes": TRACEPARENT,
                "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": TRACE_HEADER}},
            }
        ],
    )


def test_a_trace_is_kept_over_a_restart_and_among_the_dead_letters(file: Path) -> None:
    send_traced(a_service(file))
    service = a_service(file)
    for _ in range(2):
        (message,) = receive(service)
        assert message["Attributes"]["AWSTraceHeader"] == TRACE_HEADER
        assert message["MessageAttributes"] == TRACEPARENT
        ask(service, "ChangeMessageVisibility", ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    receive(service)

    (dead,) = receive(a_service(file), DEAD)

    assert dead["Attributes"]["AWSTraceHeader"] == TRACE_HEADER
    assert dead["MessageAttributes"] == TRACEPARENT


def test_attributes_count_in_the_size_of_a_message(file: Path) -> None:
    service = a_service(file)
    largest = sqs_backends[ACCOUNT_ID][REGION].get_queue(MAIN).maximum_message_size

    with pytest.raises(RefusedError):
        ask(
            service,
            "SendMessage",
            MessageBody="x" * int(largest),
            MessageGroupId="user",
            MessageDeduplicationId="1",
            MessageAttributes=TRACEPARENT,
        )


def test_a_file_of_an_earlier_release_is_read_on(file: Path) -> None:
    before = a_service(file)
    send(before, "hello")
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE message DROP COLUMN trace_header")

    assert bodies(receive(a_service(file))) == ["hello"]
