"""Between the queue's event source mapping and the platform: records to items, failures to another attempt or aside."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypedDict, TypeVar

from shared import observability, tracing
from shared.domain.burst import Gathering
from shared.errors import AlreadyClaimed, LeaseLost, PlatformError, QueueUnavailable
from shared.lambda_runtime import Event, LambdaContext, run
from shared.observability import logger
from shared.ports.received_records import ReceivedRecord, ReceivedRecords

MOST_RECEIVES = 8
"""The queue's `maxReceiveCount`: what fails so often is set aside."""

MOST_UNFORESEEN = 5
"""A fault of our own fails the same way each time; it holds its user up for no longer than it takes to be sure."""

RETRY_SECONDS = (1, 2, 4, 8, 30, 120, 300)
"""After the first, second, … receive: quick after a blink, together longer than a failover of the database."""

LONGEST_RETRY_SECONDS = 900
CLEARING_UP_SECONDS = 5.0
"""Kept of the function's time to hand back what is not done."""

SHORTEST_WORK_SECONDS = 15.0
"""With less time left than this, the next record is left to the next invocation."""

CUT_OFF_SECONDS = 35
"""What was cut off in the middle comes again when its lease has run out for certain."""

Item = TypeVar("Item")


class QueueContext(LambdaContext, Protocol):
    """Lambda's context object, as far as a queue's function needs it."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the execution environment is ended."""


class BatchItemFailure(TypedDict):
    """A record that stays in the queue."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """What Lambda's event source mapping reads: every record that is not named here is deleted from the queue."""

    batchItemFailures: list[BatchItemFailure]


QueueHandler: TypeAlias = Callable[[Event, QueueContext], BatchResponse]
Decode: TypeAlias = Callable[[str], Item]
Function: TypeAlias = Callable[[Sequence[Item]], Awaitable[None]]
Gather: TypeAlias = Callable[[Sequence[Item]], Awaitable[Gathering]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work(Generic[Item]):
    """What the function's author gave."""

    decode: Decode[Item]
    gather: Gather[Item]
    function: Function[Item]
    queue: ReceivedRecords


def queue_handler(
    decode: Decode[Item], *, gather: Gather[Item], queue: ReceivedRecords
) -> Callable[[Function[Item]], QueueHandler]:
    """Make a Lambda entry point for a FIFO queue of a function that deals with items that belong together.

    Groups are dealt with at the same time, the records of a group one after the other. A record that may succeed later
    stays in the queue, and with it the rest of its group, so that nothing overtakes it. One that cannot succeed, or has
    failed too often, is set aside, and its group goes on.
    """

    def decorate(function: Function[Item]) -> QueueHandler:
        work = _Work(decode=decode, gather=gather, function=function, queue=queue)

        def handler(event: Event, context: QueueContext) -> BatchResponse:
            observability.unbind()
            observability.bind(request_id=str(getattr(context, "aws_request_id", "")))
            seconds = context.get_remaining_time_in_millis() / 1000 - CLEARING_UP_SECONDS
            groups = [_Group(work, records) for records in _records_by_group(event)]
            run(_deal_with(groups, seconds))
            left = [record for group in groups for record in group.left]
            observability.count("records", len(event["Records"]))
            observability.count("records_failed", sum(len(group.left) for group in groups if not group.is_gathering))
            observability.flush_metrics()
            tracing.finish(tracing.FINISH_SECONDS)
            return {"batchItemFailures": [{"itemIdentifier": record.id} for record in left]}

        return handler

    return decorate


async def _deal_with(groups: Sequence[_Group[Any]], seconds: float) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    tasks = [asyncio.create_task(group.deal_with(deadline)) for group in groups]
    _, cut_off = await asyncio.wait(tasks, timeout=max(seconds, 0))
    for task in cut_off:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        # Whatever is left of such a group stays in the queue.
        if isinstance(outcome, Exception):
            logger.error("group_failed", exc_info=outcome)
    for group, task in zip(groups, tasks, strict=True):
        if task in cut_off and group.left:
            logger.error("group_cut_off", left=len(group.left))
            await group.offer_again(CUT_OFF_SECONDS if group.has_begun else _pause_seconds(group.left[0], None))


class _Group(Generic[Item]):
    """The records of one group in a batch.

    Attributes:
        left: those that stay in the queue.
        has_begun: something may have taken a lease.
    """

    def __init__(self, work: _Work[Item], records: Sequence[ReceivedRecord]) -> None:
        self.left = list(records)
        self.is_gathering = False
        self.has_begun = False
        self._work = work

    async def deal_with(self, deadline: float) -> None:
        """Go on until nothing is left, or until what is left has to wait."""
        while self.left:
            if deadline - asyncio.get_running_loop().time() < SHORTEST_WORK_SECONDS:
                # Without time from the start, by a clock that is off, the next invocation may have none either.
                await self.offer_again(0 if self.has_begun else _pause_seconds(self.left[0], None))
                return
            observability.bind(record_id=self.left[0].id)
            if not await self._deal_with_first():
                return

    async def offer_again(self, after_seconds: int) -> None:
        """Let what is left come again so much later; all of it, so that its order is kept."""
        try:
            await self._work.queue.offer_again(self.left, after_seconds=after_seconds)
        except QueueUnavailable:
            # It comes again when the queue's visibility timeout is over.
            logger.warning("records_not_offered_again", records=len(self.left))

    async def _deal_with_first(self) -> bool:
        """Whether to go on with the next one."""
        self.has_begun = True
        try:
            items = self._readable_items()
        except PlatformError as error:
            # Another release can read it; while one is rolled out, both are at work.
            return await self._after_failure(1, error, MOST_RECEIVES, error.code)
        if not items:
            with _attempt(self.left[:1]) as span:
                span.fail("unreadable")
                return await self._set_aside(1, "unreadable")
        gathering = await self._work.gather(items)
        if gathering.wait_seconds and self.left[0].receive_count == 1 and await self._wait_for_more(gathering):
            return False
        together = items[: gathering.size]
        with _attempt(self.left[: len(together)]) as span:
            return await self._try(together, span)

    async def _try(self, together: Sequence[Item], span: tracing.Span) -> bool:
        """Whether to go on with the next one."""
        try:
            await self._work.function(together)
        except asyncio.CancelledError:
            span.fail("cut_off")
            raise
        except PlatformError as error:
            logger.warning("record_failed", code=error.code, receive_count=self.left[0].receive_count)
            span.fail(error)
            is_final = not (error.retryable or isinstance(error, LeaseLost))
            return await self._after_failure(len(together), error, 1 if is_final else MOST_RECEIVES, error.code)
        except Exception as error:  # noqa: BLE001 - an entry point, which logs the cause
            logger.exception("record_failed", receive_count=self.left[0].receive_count)
            span.fail(error)
            return await self._after_failure(len(together), error, MOST_UNFORESEEN, type(error).__name__)
        del self.left[: len(together)]
        return True

    def _readable_items(self) -> list[Item]:
        """The items up to the first record that cannot be read.

        Raises:
            PlatformError: the very first cannot be read now, but perhaps later.
        """
        items: list[Item] = []
        for record in self.left:
            try:
                items.append(self._work.decode(record.body))
            except Exception as error:
                if items:
                    break
                # Not its message, which may quote the body.
                logger.warning("record_unreadable", cause=type(error).__name__)
                if isinstance(error, PlatformError) and error.retryable:
                    raise
                # Nothing that is wrong with a body may stop the records behind it.
                break
        return items

    async def _wait_for_more(self, gathering: Gathering) -> bool:
        """Hide the group for a while; what comes meanwhile is received together with it. False: it could not be."""
        try:
            await self._work.queue.offer_again(self.left, after_seconds=gathering.wait_seconds)
        except QueueUnavailable:
            logger.warning("burst_not_gathered")
            return False
        self.is_gathering = True
        return True

    async def _after_failure(self, size: int, error: Exception, attempts: int, reason: str) -> bool:
        if self.left[0].receive_count >= attempts:
            return await self._set_aside(size, reason)
        await self.offer_again(_pause_seconds(self.left[0], error))
        return False

    async def _set_aside(self, size: int, reason: str) -> bool:
        for record in self.left[:size]:
            try:
                await self._work.queue.set_aside(record, reason=reason)
            except QueueUnavailable:
                logger.exception("record_not_set_aside", reason=reason)
                await self.offer_again(_pause_seconds(record, None))
                return False
            logger.error("record_set_aside", reason=reason, receive_count=record.receive_count)
            observability.count("records_set_aside")
            self.left.remove(record)
        return True


def _attempt(records: Sequence[ReceivedRecord]) -> AbstractContextManager[tracing.Span]:
    """The span of one attempt: in the trace of the message that is answered, tied to those that go with it."""
    *earlier, answered = records
    return tracing.span(
        "queue_attempt",
        parent=answered.carrier,
        kind="consumer",
        links=[record.carrier for record in earlier],
        records=len(records),
        receive_count=answered.receive_count,
        waited_ms=answered.waited_ms,
    )


def _pause_seconds(record: ReceivedRecord, error: Exception | None) -> int:
    """Until the next attempt: longer each time, spread by up to a quarter, and never less than the error asks for."""
    asked_seconds = (error.retry_after_seconds if isinstance(error, PlatformError) else None) or 0
    if isinstance(error, AlreadyClaimed) and asked_seconds:
        return asked_seconds
    pause_seconds = RETRY_SECONDS[min(record.receive_count, len(RETRY_SECONDS)) - 1]
    spread = zlib.crc32(record.id.encode()) / 2**32 / 4
    return min(max(round(pause_seconds * (1 + spread)), asked_seconds), LONGEST_RETRY_SECONDS)


def _records_by_group(event: Event) -> list[list[ReceivedRecord]]:
    groups: defaultdict[str, list[ReceivedRecord]] = defaultdict(list)
    for received in event["Records"]:
        record = _read(received)
        groups[record.group].append(record)
    return list(groups.values())


def _read(received: Event) -> ReceivedRecord:
    record_id = str(received["messageId"])
    attributes = received.get("attributes", {})
    return ReceivedRecord(
        id=record_id,
        receipt=str(received.get("receiptHandle", "")),
        body=str(received["body"]),
        group=str(attributes.get("MessageGroupId", record_id)),
        deduplication_id=str(attributes.get("MessageDeduplicationId", record_id)),
        receive_count=int(attributes.get("ApproximateReceiveCount", 1)),
        carrier=_carrier(received),
        waited_ms=_waited_ms(attributes),
    )


def _carrier(received: Event) -> dict[str, str]:
    """What carried the trace here: `traceparent`, or what SQS itself carries."""
    attributes = received.get("messageAttributes") or {}
    found = {
        tracing.TRACEPARENT: (attributes.get(tracing.TRACEPARENT) or {}).get("stringValue"),
        tracing.AMAZON: received.get("attributes", {}).get("AWSTraceHeader"),
    }
    return {name: str(value) for name, value in found.items() if value}


def _waited_ms(attributes: Event) -> int | None:
    sent = str(attributes.get("SentTimestamp", ""))
    return max(round(time.time() * 1000) - int(sent), 0) if sent.isdecimal() else None
