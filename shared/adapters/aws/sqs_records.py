"""ReceivedRecords over an SQS FIFO queue and its dead-letter queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.adapters.aws import sqs_trace
from shared.errors import QueueUnavailable
from shared.ports.received_records import ReceivedRecord
from shared.queue_contract import LARGEST_BODY_BYTES

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH_ENTRIES = 10
_ATTRIBUTE_BYTES = 512
"""More than all attributes together have."""


class SQSReceivedRecords:
    """Implements `ReceivedRecords`."""

    def __init__(self, queue_url: str, dead_letter_queue_url: str | None, client: Callable[[], SQSClient]) -> None:
        """Without a dead-letter queue, nothing can be set aside by the worker; SQS may still do it by itself."""
        self._queue_url = queue_url
        self._dead_letter_queue_url = dead_letter_queue_url
        self._client = client

    async def offer_again(self, records: Sequence[ReceivedRecord], *, after_seconds: int) -> None:
        """See `ReceivedRecords.offer_again`.

        One request for all, the first record first: while it is hidden, the queue keeps back the rest of its group.
        """
        for first in range(0, len(records), _BATCH_ENTRIES):
            await asyncio.to_thread(self._hide, records[first : first + _BATCH_ENTRIES], after_seconds)

    async def set_aside(self, record: ReceivedRecord, *, reason: str) -> None:
        """See `ReceivedRecords.set_aside`. It stays in its trace.

        The ids are the same, so a second copy within minutes is not kept.
        """
        if self._dead_letter_queue_url is None:
            raise QueueUnavailable("There is no dead-letter queue.")
        await asyncio.to_thread(self._send_aside, self._dead_letter_queue_url, record, reason)

    def _hide(self, records: Sequence[ReceivedRecord], seconds: int) -> None:
        try:
            answer = self._client().change_message_visibility_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": record.receipt, "VisibilityTimeout": seconds}
                    for number, record in enumerate(records)
                ],
            )
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable("The queue did not answer.") from error
        if answer.get("Failed"):
            raise QueueUnavailable("The queue did not take every change.")

    def _send_aside(self, url: str, record: ReceivedRecord, reason: str) -> None:
        # A body that fills the queue's limit goes with Amazon's header alone.
        has_room = len(record.body.encode()) + _ATTRIBUTE_BYTES < LARGEST_BODY_BYTES
        try:
            self._client().send_message(
                QueueUrl=url,
                MessageBody=record.body,
                MessageGroupId=record.group,
                MessageDeduplicationId=record.deduplication_id,
                MessageAttributes={
                    "reason": {"DataType": "String", "StringValue": reason},
                    "receive_count": {"DataType": "Number", "StringValue": str(record.receive_count)},
                    **(sqs_trace.attributes(record.carrier) if has_room else {}),
                },
                MessageSystemAttributes=sqs_trace.system_attributes(record.carrier),
            )
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable("The dead-letter queue did not answer.") from error
