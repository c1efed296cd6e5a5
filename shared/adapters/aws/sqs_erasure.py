"""DeadLetters over SQS: a queue cannot be searched, so every message in it is taken, looked at and given back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.erasure import Counts, Subject
from shared.domain.message import InboundItem, InboundMessage, StatusUpdate
from shared.errors import InvalidRequest, QueueUnavailable
from shared.observability import timed
from shared.queue_contract import decode

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_AT_ONCE = 10
_MOST_LOOKED_AT = 10_000
# Long enough to look at all of them; whoever redrives them meanwhile does not see those that are being looked at.
_HELD_SECONDS = 300
_WAIT_SECONDS = 1
# A queue that is spread over servers answers with nothing now and then.
_EMPTY_ANSWERS = 2


class SQSDeadLetters:
    """Implements `DeadLetters`. In a queue of their own nothing counts how often messages are looked at.

    Messages of one group come only after those before them are gone or given back; all of a group are one user's, so
    of the user's groups everything is reached, and of the others enough was seen.
    """

    def __init__(self, queue_url: str, client: Callable[[], SQSClient]) -> None:
        self._queue_url = queue_url
        self._client = client

    async def erase(self, subject: Subject, *, is_dry_run: bool) -> Counts:
        """See `DeadLetters.erase`. A dry run sees of each group the first ten."""

        def translated() -> Counts:
            try:
                return self._erase(self._client(), subject, is_dry_run=is_dry_run)
            except (BotoCoreError, ClientError) as error:
                raise QueueUnavailable("The queue of dead letters did not answer.") from error

        with timed("erase_dead_letters"):
            return await asyncio.to_thread(translated)

    def _erase(self, sqs: SQSClient, subject: Subject, *, is_dry_run: bool) -> Counts:
        counts: Counts = Counter()
        held: list[str] = []
        try:
            for batch in self._batches(sqs):
                own = [message for message in batch if _is_of(message, subject)]
                held += [message["ReceiptHandle"] for message in batch if is_dry_run or message not in own]
                counts["removed"] += len(own)
                if own and not is_dry_run:
                    self._delete(sqs, own)
                if len(held) >= _MOST_LOOKED_AT:
                    counts["unseen"] = 1
                    break
        finally:
            self._give_back(sqs, held)
        return counts

    def _batches(self, sqs: SQSClient) -> Iterator[Sequence[MessageTypeDef]]:
        empty = 0
        while empty < _EMPTY_ANSWERS:
            batch = sqs.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=_AT_ONCE,
                VisibilityTimeout=_HELD_SECONDS,
                WaitTimeSeconds=_WAIT_SECONDS,
            ).get("Messages", [])
            empty = 0 if batch else empty + 1
            if batch:
                yield batch

    def _delete(self, sqs: SQSClient, own: list[MessageTypeDef]) -> None:
        failed = sqs.delete_message_batch(
            QueueUrl=self._queue_url,
            Entries=[{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(own)],
        ).get("Failed", [])
        if failed:
            raise QueueUnavailable("The queue of dead letters did not remove every message.")

    def _give_back(self, sqs: SQSClient, held: list[str]) -> None:
        for start in range(0, len(held), _AT_ONCE):
            # What is not given back comes back by itself.
            sqs.change_message_visibility_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                    for n, receipt in enumerate(held[start : start + _AT_ONCE])
                ],
            )


def _is_of(message: MessageTypeDef, subject: Subject) -> bool:
    body = message.get("Body", "")
    try:
        item = decode(body)
    except InvalidRequest:
        # Nobody can read it, so the one who is named in it decides.
        return any(name in body for name in subject.identities)
    return _names(item) & {*subject.identities} != set() and subject.channel in (None, item.channel)


def _names(item: InboundItem) -> set[str | None]:
    if isinstance(item, InboundMessage):
        return {item.user_id, item.address, *item.aliases}
    return {item.user_id} if isinstance(item, StatusUpdate) else set()
