"""MessageQueue over an SQS FIFO queue."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared import tracing
from shared.adapters.aws import sqs_trace
from shared.domain.message import InboundItem, InboundMessage, StatusUpdate
from shared.errors import QueueUnavailable
from shared.observability import logger, timed
from shared.queue_contract import LARGEST_BODY_BYTES, encode

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_BATCH_ITEMS = 10
_THREADS = 4
_TRACE_BYTES = 128
"""More than what carries the trace has."""
# What SQS takes as a group or deduplication id.
_ID = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}")


class SQSMessageQueue:
    """Implements `MessageQueue`.

    Messages of one user form a group and stay in order. Every status and notice is a group of its own: their order
    does not matter, so they neither wait for messages nor hold them up.
    """

    def __init__(self, queue_url: str, client: Callable[[], SQSClient]) -> None:
        self._queue_url = queue_url
        self._client = client
        self._executor = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="sqs")

    async def put(self, items: Sequence[InboundItem]) -> None:
        """See `MessageQueue.put`. Each item carries the trace on."""
        for batch in _batches(items):
            with timed("queue_send"), tracing.part("queue_send", kind="producer", items=len(batch)) as span:
                traced = _traced(batch, span.carrier())
                await asyncio.get_running_loop().run_in_executor(self._executor, self._send, traced)

    def _send(self, batch: list[SendMessageBatchRequestEntryTypeDef]) -> None:
        try:
            failed = self._client().send_message_batch(QueueUrl=self._queue_url, Entries=batch).get("Failed", [])
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable("The queue did not answer.") from error
        if failed:
            logger.warning("queue_refused_items", items=len(failed), codes=sorted({item["Code"] for item in failed}))
            raise QueueUnavailable("The queue did not take every item.")


def _batches(items: Sequence[InboundItem]) -> Iterator[list[SendMessageBatchRequestEntryTypeDef]]:
    """Cut into batches that SQS takes: ten items, 256 KB in all, no item twice, no two items of one group.

    What carries the trace has its room in each.

    A batch may fail in part. Were two messages of a user in it, the second could be queued without the first.
    """
    batch: list[SendMessageBatchRequestEntryTypeDef] = []
    size = 0
    groups: set[str] = set()
    for item in items:
        body, group = encode(item), group_id(item)
        item_size = len(body.encode()) + _TRACE_BYTES
        if batch and (len(batch) == _BATCH_ITEMS or size + item_size > LARGEST_BODY_BYTES or group in groups):
            yield batch
            batch, size, groups = [], 0, set()
        batch.append(
            {
                "Id": str(len(batch)),
                "MessageBody": body,
                "MessageGroupId": group,
                "MessageDeduplicationId": deduplication_id(item),
            }
        )
        size += item_size
        groups.add(group)
    if batch:
        yield batch


def _traced(
    batch: list[SendMessageBatchRequestEntryTypeDef], carrier: Mapping[str, str]
) -> list[SendMessageBatchRequestEntryTypeDef]:
    if not carrier:
        return batch
    return [
        entry
        | {"MessageSystemAttributes": sqs_trace.system_attributes(carrier)}
        # A body that fills the queue's limit alone goes with Amazon's header, which counts for nothing.
        | ({"MessageAttributes": sqs_trace.attributes(carrier)} if _has_room(entry) else {})
        for entry in batch
    ]


def _has_room(entry: SendMessageBatchRequestEntryTypeDef) -> bool:
    return len(entry["MessageBody"].encode()) + _TRACE_BYTES <= LARGEST_BODY_BYTES


def group_id(item: InboundItem) -> str:
    """Items of one group are handled one after the other."""
    if isinstance(item, InboundMessage):
        return _safe_id(str(item.key))
    return _safe_id(f"status:{deduplication_id(item)}")


def deduplication_id(item: InboundItem) -> str:
    """What makes two items the same; for a message it is the provider's id."""
    if isinstance(item, InboundMessage):
        return _safe_id(item.provider_message_id)
    if isinstance(item, StatusUpdate):
        said_at = item.occurred_at.isoformat() if item.is_dated else ""
        return _safe_id(f"{item.channel}:{item.provider_message_id}:{item.reported}:{said_at}")
    # Its id is made of all that it says.
    return _safe_id(f"{item.channel}:{item.kind}:{item.notice_id}")


def _safe_id(name: str) -> str:
    if _ID.fullmatch(name):
        return name
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
