"""How items are cut into batches, and what happens when the queue refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as some

from shared import tracing
from shared.adapters.aws import sqs
from shared.adapters.aws.sqs import SQSMessageQueue, deduplication_id, group_id
from shared.errors import QueueUnavailable
from shared.queue_contract import LARGEST_BODY_BYTES
from tests.samples import a_message, a_notice, a_status
from tests.traces import traced

ALLOWED = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")


class RecordingClient:
    """Takes every batch and remembers it; `answer` decides what it says."""

    def __init__(self, answer: Callable[[list[dict[str, Any]]], dict[str, Any]] = lambda _entries: {}) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self._answer = answer

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.batches.append(Entries)
        return self._answer(Entries)


def queue_over(client: RecordingClient) -> SQSMessageQueue:
    return SQSMessageQueue("https://queue.invalid/messages.fifo", lambda: client)  # type: ignore[arg-type,return-value]


@given(user=some.text(some.characters(), max_size=200), message=some.text(some.characters(), max_size=200))
def test_ids_are_always_ones_that_the_queue_takes(user: str, message: str) -> None:
    item = a_message(user_id=user, provider_message_id=message)

    assert ALLOWED.fullmatch(group_id(item))
    assert ALLOWED.fullmatch(deduplication_id(item))


def test_ordinary_ids_are_used_as_they_are() -> None:
    item = a_message(user_id="919800000001", provider_message_id="wamid.HBgMOTE5==")

    assert group_id(item) == "whatsapp:919800000001"
    assert deduplication_id(item) == "wamid.HBgMOTE5=="


def test_statuses_and_notices_never_share_a_group_with_messages() -> None:
    groups = {group_id(a_status()), group_id(a_status(reported="read")), group_id(a_notice())}

    assert len(groups) == 3
    assert group_id(a_message()) not in groups


async def test_a_batch_holds_ten_items_at_most() -> None:
    client = RecordingClient()

    await queue_over(client).put([a_status(provider_message_id=f"m-{number}") for number in range(23)])

    assert [len(batch) for batch in client.batches] == [10, 10, 3]
    assert all(len({entry["Id"] for entry in batch}) == len(batch) for batch in client.batches)


async def test_a_batch_is_not_larger_than_the_queue_takes() -> None:
    client = RecordingClient()

    await queue_over(client).put([a_notice(notice_id=f"n-{n}", payload={"x": "y" * 120_000}) for n in range(5)])

    assert [len(batch) for batch in client.batches] == [2, 2, 1]


async def test_messages_of_one_user_are_never_in_one_batch() -> None:
    client = RecordingClient()

    await queue_over(client).put([a_message(user_id=user) for user in ("asha", "ravi", "asha", "asha")])

    for batch in client.batches:
        groups = [entry["MessageGroupId"] for entry in batch]
        assert len(set(groups)) == len(groups)


async def test_after_a_refusal_no_later_message_of_the_user_is_sent() -> None:
    client = RecordingClient(lambda entries: {"Failed": [{"Id": entries[0]["Id"], "Code": "InternalError"}]})

    with pytest.raises(QueueUnavailable):
        await queue_over(client).put([a_message(), a_message()])

    assert len(client.batches) == 1


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://queue.invalid"),
        ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SendMessageBatch"),
    ],
)
async def test_a_queue_that_fails_is_unavailable(error: Exception) -> None:
    def fail(_entries: list[dict[str, Any]]) -> dict[str, Any]:
        raise error

    with pytest.raises(QueueUnavailable):
        await queue_over(RecordingClient(fail)).put([a_message()])


async def test_each_item_carries_the_trace_on_in_both_forms() -> None:
    client = RecordingClient()

    with traced() as traces, tracing.span("request"):
        await queue_over(client).put([a_message(), a_notice()])

    sent = traces.only("queue_send")
    for entry in client.batches[0]:
        assert entry["MessageAttributes"]["traceparent"]["StringValue"] == f"00-{sent.trace_id}-{sent.span_id}-01"
        header = entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"]
        assert header == f"Root=1-{sent.trace_id[:8]}-{sent.trace_id[8:]};Parent={sent.span_id};Sampled=1"


async def test_without_a_trace_nothing_is_added() -> None:
    client = RecordingClient()

    await queue_over(client).put([a_message()])

    assert client.batches[0][0].keys() == {"Id", "MessageBody", "MessageGroupId", "MessageDeduplicationId"}


@pytest.mark.parametrize("spare_bytes", [0, 1, 127, 128, 1000])
async def test_the_trace_never_makes_a_message_larger_than_the_queue_takes(
    monkeypatch: pytest.MonkeyPatch, spare_bytes: int
) -> None:
    client = RecordingClient()
    monkeypatch.setattr(sqs, "encode", lambda _: "x" * (LARGEST_BODY_BYTES - spare_bytes))

    with traced(), tracing.span("request"):
        await queue_over(client).put([a_message()])

    (entry,) = client.batches[0]
    attributes = entry.get("MessageAttributes", {})
    size = len(entry["MessageBody"]) + sum(
        len(name) + sum(map(len, value.values())) for name, value in attributes.items()
    )
    assert size <= LARGEST_BODY_BYTES
    # Amazon's own header counts for nothing.
    assert "AWSTraceHeader" in entry["MessageSystemAttributes"]
