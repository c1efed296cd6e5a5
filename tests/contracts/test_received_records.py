"""What every ReceivedRecords promises; the real one over an emulated SQS."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.sqs_records import SQSReceivedRecords
from shared.errors import QueueUnavailable
from shared.ports.received_records import ReceivedRecord

pytestmark = pytest.mark.integration


def a_record(**given: Any) -> ReceivedRecord:
    values: dict[str, Any] = {
        "id": "id-1",
        "receipt": "receipt-1",
        "body": "{}",
        "group": "whatsapp:asha",
        "deduplication_id": "wamid.1",
        "receive_count": 3,
    }
    return ReceivedRecord(**{**values, **given})


class Queues:
    """A queue with messages of one user, and its dead-letter queue."""

    def __init__(self, client: AwsClient, url: str) -> None:
        self._client = client
        self.url = url
        attributes = {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}
        self.dead_url = str(client().create_queue(QueueName="dead.fifo", Attributes=attributes)["QueueUrl"])
        self.records = SQSReceivedRecords(url, self.dead_url, client)

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self._client().send_message(
                QueueUrl=self.url, MessageBody=body, MessageGroupId="asha", MessageDeduplicationId=body
            )

    def receive(self, url: str | None = None) -> list[dict[str, Any]]:
        answer = self._client().receive_message(
            QueueUrl=url or self.url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        )
        received: list[dict[str, Any]] = answer.get("Messages", [])
        return received


def received_records(messages: list[dict[str, Any]]) -> list[ReceivedRecord]:
    return [a_record(id=message["MessageId"], receipt=message["ReceiptHandle"]) for message in messages]


@pytest.fixture
def queues(sqs: AwsClient, queue_url: str) -> Queues:
    return Queues(sqs, queue_url)


async def test_what_is_offered_again_at_once_comes_in_its_order(queues: Queues) -> None:
    queues.send("one", "two", "three")
    first = queues.receive()

    await queues.records.offer_again(received_records(first), after_seconds=0)

    assert [message["Body"] for message in queues.receive()] == ["one", "two", "three"]


async def test_what_is_offered_again_later_is_hidden_and_what_came_meanwhile_waits_behind_it(queues: Queues) -> None:
    queues.send("one")

    await queues.records.offer_again(received_records(queues.receive()), after_seconds=300)
    queues.send("two")

    assert await asyncio.to_thread(queues.receive) == []


async def test_more_records_than_one_request_takes_are_offered_again(queues: Queues) -> None:
    records = []
    for number in range(12):
        queues.send(f"{number}")
    while messages := queues.receive():
        records += received_records(messages)

    await queues.records.offer_again(records, after_seconds=0)

    assert len(records) >= 10
    assert len(queues.receive()) == 10


async def test_a_receipt_that_is_none_any_more_is_told(queues: Queues) -> None:
    with pytest.raises(QueueUnavailable):
        await queues.records.offer_again([a_record()], after_seconds=5)


async def test_what_is_set_aside_keeps_its_words_its_user_and_the_reason(queues: Queues) -> None:
    await queues.records.set_aside(a_record(body="{broken"), reason="unreadable")

    (dead,) = queues.receive(queues.dead_url)
    assert dead["Body"] == "{broken"
    assert dead["Attributes"]["MessageGroupId"] == "whatsapp:asha"
    assert dead["MessageAttributes"]["reason"]["StringValue"] == "unreadable"
    assert dead["MessageAttributes"]["receive_count"]["StringValue"] == "3"


async def test_setting_aside_again_keeps_one_copy(queues: Queues) -> None:
    for _ in range(2):
        await queues.records.set_aside(a_record(), reason="unreadable")

    assert len(queues.receive(queues.dead_url)) == 1


async def test_without_a_place_for_it_nothing_is_set_aside(sqs: AwsClient, queue_url: str) -> None:
    with pytest.raises(QueueUnavailable):
        await SQSReceivedRecords(queue_url, None, sqs).set_aside(a_record(), reason="unreadable")


async def test_a_queue_that_does_not_answer_is_told(sqs: AwsClient, queue_url: str) -> None:
    missing = SQSReceivedRecords(f"{queue_url}-missing", f"{queue_url}-missing", sqs)

    with pytest.raises(QueueUnavailable):
        await missing.set_aside(a_record(), reason="unreadable")
    with pytest.raises(QueueUnavailable):
        await missing.offer_again([a_record()], after_seconds=5)


async def test_what_is_set_aside_stays_in_its_trace(queues: Queues) -> None:
    carrier = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "X-Amzn-Trace-Id": f"Root=1-{'a' * 8}-{'a' * 24}"}

    await queues.records.set_aside(a_record(carrier=carrier), reason="unreadable")

    (dead,) = queues.receive(queues.dead_url)
    assert dead["MessageAttributes"]["traceparent"]["StringValue"] == carrier["traceparent"]
    assert dead["Attributes"]["AWSTraceHeader"] == carrier["X-Amzn-Trace-Id"]
