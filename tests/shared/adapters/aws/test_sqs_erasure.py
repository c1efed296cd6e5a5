"""Removing a user's messages from the queue of dead letters, and nobody else's."""

from __future__ import annotations

import pytest

from shared.adapters.aws.client import AwsClient
from shared.adapters.aws.sqs import SQSMessageQueue
from shared.adapters.aws.sqs_erasure import SQSDeadLetters
from shared.domain.erasure import Subject
from shared.errors import QueueUnavailable
from tests.samples import a_message, a_notice, a_status

pytestmark = pytest.mark.integration
USER, OTHER = "919845012345", "919845012346"


async def bodies(sqs: AwsClient, queue_url: str) -> list[str]:
    found: list[str] = []
    while batch := sqs().receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
        found += [message["Body"] for message in batch]
        for message in batch:
            sqs().delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return found


async def fill(sqs: AwsClient, queue_url: str) -> None:
    queue = SQSMessageQueue(queue_url, sqs)
    for number in range(12):
        for user in (USER, OTHER):
            await queue.put([a_message(user_id=user, provider_message_id=f"{user}-{number}")])
    await queue.put([a_status(user_id=USER), a_notice()])
    sqs().send_message(
        QueueUrl=queue_url, MessageBody=f"unreadable {USER}", MessageGroupId="odd", MessageDeduplicationId="odd"
    )


async def test_the_users_are_gone_and_the_others_can_be_taken_at_once(sqs: AwsClient, queue_url: str) -> None:
    await fill(sqs, queue_url)

    counts = await SQSDeadLetters(queue_url, sqs).erase(Subject(identities=(USER,)), is_dry_run=False)

    left = await bodies(sqs, queue_url)
    assert counts["removed"] == 12 + 1 + 1
    assert len(left) == 12 + 1
    assert not any(USER in body for body in left)


async def test_a_dry_run_removes_nothing(sqs: AwsClient, queue_url: str) -> None:
    await fill(sqs, queue_url)

    counts = await SQSDeadLetters(queue_url, sqs).erase(Subject(identities=(USER,)), is_dry_run=True)

    assert counts["removed"] > 0
    assert len(await bodies(sqs, queue_url)) == 12 * 2 + 3


async def test_another_channel_is_left_alone(sqs: AwsClient, queue_url: str) -> None:
    await SQSMessageQueue(queue_url, sqs).put([a_message(user_id=USER)])

    counts = await SQSDeadLetters(queue_url, sqs).erase(
        Subject(identities=(USER,), channel="twilio-whatsapp"), is_dry_run=False
    )

    assert counts["removed"] == 0
    assert len(await bodies(sqs, queue_url)) == 1


async def test_a_queue_that_does_not_answer_is_not_taken_for_an_empty_one(sqs: AwsClient, queue_url: str) -> None:
    with pytest.raises(QueueUnavailable):
        await SQSDeadLetters(f"{queue_url}-missing", sqs).erase(Subject(identities=(USER,)), is_dry_run=False)
