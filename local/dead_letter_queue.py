"""The messages that the worker could not handle: read without losing them, brought back in their order, dropped.

SQS can neither show a message without receiving it nor pick one out. So messages are received, which hides them for a
while, and shown again when the look is over. While messages of a user are received, the queue keeps back the rest of
that user's.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.adapters.aws import sqs_trace
from shared.domain.message import InboundMessage
from shared.errors import PlatformError
from shared.queue_contract import decode

BATCH = 10
HIDDEN_SECONDS = 120
WAIT_SECONDS = 1
GAVE_UP = "five attempts failed"
"""The reason of what SQS itself has set aside: its receive count is all that it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One message that was set aside.

    Attributes:
        user: a stand-in for the user, the same one in the logs of a platform whose key is known.
        written_at: when the user wrote it, or when it was set aside if its body cannot be read.
        carrier: what carries its trace on.
    """

    id: str
    receipt: str
    body: str
    group: str
    reason: str
    channel: str
    kind: str
    user: str
    written_at: datetime
    set_aside_at: datetime
    carrier: Mapping[str, str]


class DeadLetterQueue:
    """A dead-letter queue over an SQS client."""

    def __init__(self, client: Any, url: str, *, user_hash: Callable[[str], str]) -> None:
        self._client = client
        self._url = url
        self._user_hash = user_hash

    def count(self) -> int:
        """How many messages there are, about."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=list(names))
        return sum(int(answer["Attributes"][name]) for name in names)

    def look(self, *, most: int) -> list[DeadLetter]:
        """Up to `most` messages, each user's in their order; afterwards all can be received again."""
        seen: list[DeadLetter] = []
        try:
            while len(seen) < most and (letters := self._receive()):
                seen += letters
        finally:
            self._show_again(seen)
        return seen[:most]

    def redrive(self, target_url: str, *, only: str | None = None) -> Iterator[DeadLetter]:
        """Send messages back where they came from, each user's in their order, or `only` the one of this id.

        A message leaves this queue when the other one has taken it; one that is sent twice is answered once, because
        the database knows it. What is set aside anew meanwhile is left alone.
        """
        began = datetime.fromtimestamp(time.time(), UTC)
        for letter in self._each(lambda letter: only in (None, letter.id) and letter.set_aside_at <= began):
            self._client.send_message(
                QueueUrl=target_url,
                MessageBody=letter.body,
                MessageGroupId=letter.group,
                # Not its old one, which the queue may still remember; the same one if this has to be done again.
                MessageDeduplicationId=f"redriven-{letter.id}",
                MessageAttributes=sqs_trace.attributes(letter.carrier),
                MessageSystemAttributes=sqs_trace.system_attributes(letter.carrier),
            )
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)
            yield letter

    def drop(self, letter_id: str) -> DeadLetter | None:
        """Delete the message of this id for good; None when there is none."""
        for letter in self._each(lambda letter: letter.id == letter_id):
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)
            return letter
        return None

    def _each(self, is_wanted: Callable[[DeadLetter], bool]) -> Iterator[DeadLetter]:
        """The wanted ones; the consumer deletes each before it asks for the next. The others are shown again."""
        kept: list[DeadLetter] = []
        try:
            while letters := self._receive():
                kept += letters
                for letter in filter(is_wanted, letters):
                    yield letter
                    kept.remove(letter)
        finally:
            self._show_again(kept)

    def _receive(self) -> list[DeadLetter]:
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [self._letter(message) for message in answer.get("Messages", [])]

    def _show_again(self, letters: Sequence[DeadLetter]) -> None:
        for first in range(0, len(letters), BATCH):
            self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                    for number, letter in enumerate(letters[first : first + BATCH])
                ],
            )

    def _letter(self, message: dict[str, Any]) -> DeadLetter:
        attributes = message["Attributes"]
        set_aside_at = datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC)
        channel, kind, user, written_at = "", "unreadable", attributes["MessageGroupId"], set_aside_at
        try:
            item = decode(message["Body"])
        except PlatformError:
            pass
        else:
            channel, kind = item.channel, type(item).__name__
            if isinstance(item, InboundMessage):
                kind, user, written_at = item.kind.value, item.user_id, item.sent_at
        return DeadLetter(
            id=message["MessageId"],
            receipt=message["ReceiptHandle"],
            body=message["Body"],
            group=attributes["MessageGroupId"],
            reason=message.get("MessageAttributes", {}).get("reason", {}).get("StringValue", GAVE_UP),
            channel=channel or attributes["MessageGroupId"].partition(":")[0],
            kind=kind,
            user=self._user_hash(user),
            written_at=written_at,
            set_aside_at=set_aside_at,
            carrier=sqs_trace.carrier(message),
        )


def unkeyed_hash(user: str) -> str:
    """Stands for a user where the key of the platform's logs is not known. Tells users apart, hides nobody for long."""
    return hashlib.sha256(user.encode()).hexdigest()[:16]
