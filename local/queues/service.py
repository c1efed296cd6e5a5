"""The operations of SQS that carry messages, in front of moto, which knows the queues themselves.

moto looks at every message of a queue for each one that it sends or receives, spins while a group is on its way, and
forgets what it deduplicated when a message is deleted. Source: Amazon SQS API Reference, AWS JSON protocol.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from moto.sqs.models import Message as MotoMessage
from moto.sqs.models import SQSBackend

from local.queues.journal import Journal
from local.queues.message_queue import Message, MessageQueue, UnknownReceiptError

MOST_ENTRIES = 10
LONGEST_WAIT_SECONDS = 20
LONGEST_VISIBILITY_SECONDS = 43_200
_ENTRY_ID = re.compile(r"[\w-]{1,80}")

Parameters = Mapping[str, Any]
Answer = dict[str, Any]


class RefusedError(Exception):
    """SQS answers with an error; `code` is its name there."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class QueueService:
    """Answers by the names of SQS' operations; safe for threads."""

    def __init__(self, backend: Callable[[], SQSBackend], file: Path) -> None:
        """`backend` knows the queues and their attributes; `file` keeps their messages."""
        self._backend = backend
        self._journal = Journal(file)
        self._sequence = itertools.count(self._journal.last_sequence() + 1)
        self._queues: dict[str, MessageQueue] = {}
        self._changed = threading.Condition(threading.RLock())

    def close(self) -> None:
        """Let the file go; nothing can be asked any more."""
        self._journal.close()

    def answer(self, operation: str, parameters: Parameters) -> Answer:
        """What one of the `OPERATIONS` returns.

        Raises:
            RefusedError: SQS would refuse the request.
        """
        return self.OPERATIONS[operation](self, parameters)

    def _send(self, parameters: Parameters) -> Answer:
        (message,) = self._keep(parameters, [parameters])
        return _sent(message)

    def _send_batch(self, parameters: Parameters) -> Answer:
        entries = _entries(parameters)
        messages = self._keep(parameters, entries)
        sent = [{"Id": entry["Id"], **_sent(message)} for entry, message in zip(entries, messages, strict=True)]
        return {"Successful": sent, "Failed": []}

    def _keep(self, parameters: Parameters, entries: list[Parameters]) -> list[Message]:
        """Take all or none. What was sent under the same id lately is not taken again: it is the one from before."""
        description = self._description(parameters)
        now = time.time()
        with self._changed:
            queue = self._queue(description.name)
            kept: list[Message] = []
            new: list[Message] = []
            for entry in entries:
                message = self._message(description, entry, now)
                known = message.deduplication_id
                earlier = None if known is None else queue.sent_before(known, now=now)
                earlier = earlier or next((one for one in new if known and one.deduplication_id == known), None)
                if earlier is None:
                    new.append(message)
                kept.append(earlier or message)
            self._journal.add(description.name, new)
            for message in new:
                queue.add(message, now=now)
            self._changed.notify_all()
        return kept

    def _message(self, description: Any, entry: Parameters, now: float) -> Message:
        body = str(entry.get("MessageBody") or "")
        group, deduplication_id = str(entry.get("MessageGroupId") or ""), entry.get("MessageDeduplicationId")
        longest = int(description.maximum_message_size or 0)
        if not body or len(body.encode("utf-8", "surrogatepass")) + _attribute_bytes(entry) > longest:
            raise RefusedError("InvalidParameterValue", f"A message has 1 to {longest} bytes.")
        if description.fifo_queue and not group:
            raise RefusedError("MissingParameter", "The request must contain the parameter MessageGroupId.")
        if description.fifo_queue and not deduplication_id:
            if str(description.attributes.get("ContentBasedDeduplication")).lower() != "true":
                raise RefusedError("InvalidParameterValue", "The queue needs a MessageDeduplicationId.")
            deduplication_id = hashlib.sha256(body.encode()).hexdigest()
        message_id = str(uuid.uuid4())
        delay = entry.get("DelaySeconds")
        delay_seconds = int(description.delay_seconds or 0) if delay is None else int(delay)
        return Message(
            id=message_id,
            body=body,
            group=group if description.fifo_queue else message_id,
            sequence=next(self._sequence),
            sent_at=now,
            deduplication_id=deduplication_id if description.fifo_queue else None,
            attributes=entry.get("MessageAttributes") or {},
            trace_header=_trace_header(entry),
            visible_at=now + delay_seconds if delay_seconds else 0.0,
        )

    def _receive(self, parameters: Parameters) -> Answer:
        description = self._description(parameters)
        count = _number(parameters, "MaxNumberOfMessages", 1, least=1, most=MOST_ENTRIES)
        wait = _number(
            parameters, "WaitTimeSeconds", int(description.receive_message_wait_time_seconds or 0), LONGEST_WAIT_SECONDS
        )
        visibility = _number(
            parameters, "VisibilityTimeout", int(description.visibility_timeout or 0), LONGEST_VISIBILITY_SECONDS
        )
        attempt = str(parameters.get("ReceiveRequestAttemptId") or "")
        deadline = time.time() + wait
        with self._changed:
            queue = self._queue(description.name)
            while True:
                now = time.time()
                messages = queue.receive(count, visibility_seconds=visibility, now=now, attempt=attempt)
                if messages or now >= deadline:
                    break
                self._changed.wait(min(deadline, queue.next_wake_up() or deadline) - now)
            names = {*parameters.get("AttributeNames", ()), *parameters.get("MessageSystemAttributeNames", ())}
            found = [_received(message, names, is_fifo=description.fifo_queue) for message in messages]
        return {"Messages": found} if found else {}

    def _delete(self, parameters: Parameters) -> Answer:
        name = self._description(parameters).name
        with self._changed:
            message = self._delete_one(name, parameters)
            self._journal.remove(name, [message] if message else [])
            self._changed.notify_all()
        return {}

    def _delete_batch(self, parameters: Parameters) -> Answer:
        name = self._description(parameters).name
        removed: list[Message] = []

        def delete(entry: Parameters) -> None:
            message = self._delete_one(name, entry)
            removed.extend([message] if message else [])

        with self._changed:
            answer = _each(_entries(parameters), delete)
            self._journal.remove(name, removed)
            self._changed.notify_all()
        return answer

    def _delete_one(self, name: str, entry: Parameters) -> Message | None:
        try:
            return self._queue(name).delete(str(entry.get("ReceiptHandle")))
        except UnknownReceiptError as error:
            raise RefusedError("ReceiptHandleIsInvalid", "The receipt handle is not valid.") from error

    def _change_visibility(self, parameters: Parameters) -> Answer:
        with self._changed:
            self._change_one(self._description(parameters).name, parameters)
            self._changed.notify_all()
        return {}

    def _change_visibility_batch(self, parameters: Parameters) -> Answer:
        name = self._description(parameters).name
        with self._changed:
            answer = _each(_entries(parameters), lambda entry: self._change_one(name, entry))
            self._changed.notify_all()
        return answer

    def _change_one(self, name: str, entry: Parameters) -> None:
        seconds = _number(entry, "VisibilityTimeout", None, LONGEST_VISIBILITY_SECONDS)
        try:
            self._queue(name).change_visibility(str(entry.get("ReceiptHandle")), seconds, now=time.time())
        except UnknownReceiptError as error:
            raise RefusedError("ReceiptHandleIsInvalid", "The receipt handle is not valid.") from error

    def _purge(self, parameters: Parameters) -> Answer:
        name = self._description(parameters).name
        with self._changed:
            self._queue(name).purge()
            self._journal.remove(name, list(self._journal.messages(name)))
        return {}

    def _attributes(self, parameters: Parameters) -> Answer:
        description = self._description(parameters)
        names = parameters.get("AttributeNames") or []
        found = dict(self._backend().get_queue_attributes(description.name, names))
        with self._changed:
            waiting, hidden = self._queue(description.name).counts(now=time.time())
        counts = {
            "ApproximateNumberOfMessages": waiting,
            "ApproximateNumberOfMessagesNotVisible": hidden,
            "ApproximateNumberOfMessagesDelayed": 0,
        }
        found |= {name: count for name, count in counts.items() if "All" in names or name in names}
        return {"Attributes": {name: str(value) for name, value in found.items() if value is not None}}

    def _description(self, parameters: Parameters) -> Any:
        """The queue as moto knows it, whose types leave its attributes out."""
        name = str(parameters.get("QueueUrl", "")).rpartition("/")[2]
        try:
            return self._backend().get_queue(name)
        except Exception as error:
            raise RefusedError("QueueDoesNotExist", "The specified queue does not exist.") from error

    def _queue(self, name: str) -> MessageQueue:
        """The messages of a queue; those that an earlier process left are in it from the beginning."""
        if name not in self._queues:
            description: Any = self._backend().get_queue(name)
            dead_letters = description.dead_letter_queue
            self._queues[name] = queue = MessageQueue(
                bury=None if dead_letters is None else lambda message: self._bury(message, name, dead_letters.name),
                most_receives=int((description.redrive_policy or {}).get("maxReceiveCount", 0)),
            )
            for message in self._journal.messages(name):
                queue.add(message, now=time.time())
        return self._queues[name]

    def _bury(self, message: Message, source: str, target: str) -> None:
        grave = self._queue(target)
        buried = Message(
            id=message.id,
            body=message.body,
            group=message.group,
            sequence=next(self._sequence),
            sent_at=message.sent_at,
            deduplication_id=message.deduplication_id,
            attributes=message.attributes,
            trace_header=message.trace_header,
        )
        self._journal.add(target, [buried])
        self._journal.remove(source, [message])
        grave.add(buried, now=time.time())

    OPERATIONS: ClassVar[Mapping[str, Callable[[QueueService, Parameters], Answer]]] = {
        "SendMessage": _send,
        "SendMessageBatch": _send_batch,
        "ReceiveMessage": _receive,
        "DeleteMessage": _delete,
        "DeleteMessageBatch": _delete_batch,
        "ChangeMessageVisibility": _change_visibility,
        "ChangeMessageVisibilityBatch": _change_visibility_batch,
        "PurgeQueue": _purge,
        "GetQueueAttributes": _attributes,
    }


def _entries(parameters: Parameters) -> list[Parameters]:
    entries: list[Parameters] = list(parameters.get("Entries") or [])
    if not entries:
        raise RefusedError("EmptyBatchRequest", "There should be at least one entry in the request.")
    if len(entries) > MOST_ENTRIES:
        raise RefusedError("TooManyEntriesInBatchRequest", f"At most {MOST_ENTRIES} entries per request.")
    ids = [str(entry.get("Id", "")) for entry in entries]
    if not all(map(_ENTRY_ID.fullmatch, ids)):
        raise RefusedError("InvalidBatchEntryId", "An entry's Id has 1 to 80 letters, digits, hyphens, underscores.")
    if len(set(ids)) < len(ids):
        raise RefusedError("BatchEntryIdsNotDistinct", "Two entries have the same Id.")
    return entries


def _each(entries: list[Parameters], work: Callable[[Parameters], None]) -> Answer:
    done: list[Answer] = []
    failed: list[Answer] = []
    for entry in entries:
        try:
            work(entry)
            done.append({"Id": entry["Id"]})
        except RefusedError as error:
            failed.append({"Id": entry["Id"], "SenderFault": True, "Code": error.code, "Message": str(error)})
    return {"Successful": done, "Failed": failed}


def _number(parameters: Parameters, name: str, otherwise: int | None, most: int, least: int = 0) -> int:
    value = parameters.get(name, otherwise)
    if not isinstance(value, int) or not least <= value <= most:
        raise RefusedError("InvalidParameterValue", f"{name} must be between {least} and {most}.")
    return value


def _trace_header(entry: Parameters) -> str:
    """The only system attribute that a sender may give; it counts for nothing in the message's size."""
    given = entry.get("MessageSystemAttributes") or {}
    if given.keys() - {"AWSTraceHeader"}:
        raise RefusedError("InvalidParameterValue", "Only AWSTraceHeader may be sent as a system attribute.")
    return str(given.get("AWSTraceHeader", {}).get("StringValue") or "")


def _attribute_bytes(entry: Parameters) -> int:
    """Names, types and values of attributes count in a message's size."""
    return sum(
        len(name) + sum(len(str(part).encode()) for part in value.values())
        for name, value in (entry.get("MessageAttributes") or {}).items()
    )


def _sent(message: Message) -> Answer:
    answer = {"MessageId": message.id, "MD5OfMessageBody": _md5(message.body), "SequenceNumber": _sequence(message)}
    return answer | _md5_of_attributes(message)


def _received(message: Message, names: set[str], *, is_fifo: bool) -> Answer:
    facts = {
        "SenderId": "AIDAIT2UOQQY3AUEKVGXU",
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateReceiveCount": str(message.receive_count),
        "ApproximateFirstReceiveTimestamp": str(int((message.first_received_at or 0) * 1000)),
    }
    if is_fifo:
        facts |= {"MessageGroupId": message.group, "SequenceNumber": _sequence(message)}
        facts |= {"MessageDeduplicationId": message.deduplication_id or ""}
    if message.trace_header:
        facts["AWSTraceHeader"] = message.trace_header
    wanted = {name: value for name, value in facts.items() if "All" in names or name in names}
    answer: Answer = {
        "MessageId": message.id,
        "ReceiptHandle": message.receipts[-1],
        "MD5OfBody": _md5(message.body),
        "Body": message.body,
    }
    answer |= {"Attributes": wanted} if wanted else {}
    answer |= {"MessageAttributes": message.attributes} if message.attributes else {}
    return answer | _md5_of_attributes(message)


def _md5_of_attributes(message: Message) -> Answer:
    if not message.attributes:
        return {}
    described = MotoMessage(message.id, message.body)
    described.message_attributes = dict(message.attributes)
    return {"MD5OfMessageAttributes": described.attribute_md5}


def _md5(body: str) -> str:
    return hashlib.md5(body.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _sequence(message: Message) -> str:
    return f"{message.sequence:020}"
