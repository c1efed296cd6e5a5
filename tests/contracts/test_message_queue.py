"""What every MessageQueue promises."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.sqs import SQSMessageQueue
from shared.domain.message import InboundItem, InboundMessage
from shared.ports.messaging import MessageQueue
from shared.queue_contract import decode
from tests.contracts.conftest import REAL
from tests.fakes.messaging import FakeMessageQueue
from tests.samples import a_message, a_notice, a_status

Received = Callable[[], list[InboundItem]]


@pytest.fixture(params=["fake", REAL])
def queue(request: pytest.FixtureRequest) -> tuple[MessageQueue, Received]:
    """The queue, and what a worker gets from it."""
    if request.param == "fake":
        fake = FakeMessageQueue()
        return fake, lambda: fake.items
    client: AwsClient = request.getfixturevalue("sqs")
    url: str = request.getfixturevalue("queue_url")

    def received() -> list[InboundItem]:
        items: list[InboundItem] = []
        while bodies := client().receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            items += [decode(body["Body"]) for body in bodies]
            for body in bodies:
                client().delete_message(QueueUrl=url, ReceiptHandle=body["ReceiptHandle"])
        return items

    return SQSMessageQueue(url, client), received


@pytest.mark.requirement("17.4")
async def test_items_arrive_as_they_were_put(queue: tuple[MessageQueue, Received]) -> None:
    put, received = queue
    items: list[InboundItem] = [
        a_message(attributes={"a": [1, None]}),
        a_status(error_code="1"),
        a_notice(payload={"x": [True]}),
    ]

    await put.put(items)

    assert sorted(received(), key=repr) == sorted(items, key=repr)


async def test_a_users_messages_stay_in_order(queue: tuple[MessageQueue, Received]) -> None:
    put, received = queue
    users = ["asha", "ravi", "odd user}{ \u0928"]
    items = [a_message(user_id=user, text=f"{number}") for number in range(8) for user in users]

    await put.put(items)

    arrived = [item for item in received() if isinstance(item, InboundMessage)]
    for user in users:
        assert [item.text for item in arrived if item.user_id == user] == [f"{number}" for number in range(8)]


async def test_putting_again_queues_nothing_twice(queue: tuple[MessageQueue, Received]) -> None:
    put, received = queue
    items: list[InboundItem] = [a_message(), a_message(), a_status(), a_notice()]

    await put.put(items)
    await put.put(items)

    assert len(received()) == 4


async def test_different_reports_on_one_message_are_all_queued(queue: tuple[MessageQueue, Received]) -> None:
    put, received = queue

    await put.put([a_status(reported="sent"), a_status(reported="delivered"), a_status(reported="read")])

    assert len(received()) == 3


async def test_nothing_to_put_is_fine(queue: tuple[MessageQueue, Received]) -> None:
    put, received = queue

    await put.put([])

    assert received() == []
