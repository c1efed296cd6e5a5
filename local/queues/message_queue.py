"""One queue with the rules of SQS: order within a group, visibility, receipts, deduplication, dead letters.

Time is passed in, in seconds since 1970. Source: Amazon SQS Developer Guide, "FIFO delivery logic", "Visibility
timeout", "Using the message deduplication ID", "Using the receive request attempt ID" and "Dead-letter queues".
"""

from __future__ import annotations

import heapq
import itertools
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

DEDUPLICATION_SECONDS = 300.0
MOST_FORGOTTEN_RECEIPTS = 10_000
MOST_ATTEMPTS = 100
"""To receive, remembered so that the same attempt gets the same answer."""


class UnknownReceiptError(Exception):
    """The receipt handle was never given out by this queue, or very long ago."""


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message from sending to deletion.

    Attributes:
        group: messages of one group are received in order; of a standard queue, each is its own group.
        sequence: grows with each message of the queue.
        visible_at: until then nobody receives it, while `is_hidden`.
        trace_header: what the sender gave as the system attribute AWSTraceHeader; empty when it gave none.
        receipts: every handle that was given out for it, the latest last.
    """

    id: str
    body: str
    group: str
    sequence: int
    sent_at: float
    deduplication_id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    trace_header: str = ""
    visible_at: float = 0.0
    is_hidden: bool = False
    receive_count: int = 0
    first_received_at: float | None = None
    receipts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Attempt:
    """What an attempt to receive was given, with the receipts; whoever changes the visibility ends it."""

    visible_at: float
    given: list[tuple[str, Message]]


class MessageQueue:
    """Holds messages in memory. Not safe for threads; `bury` takes what was received too often."""

    def __init__(self, *, bury: Callable[[Message], None] | None = None, most_receives: int = 0) -> None:
        self._bury = bury
        self._most_receives = most_receives
        self._groups: dict[str, OrderedDict[int, Message]] = {}
        # Groups of which nothing is on its way, in the order in which they became so.
        self._open: OrderedDict[str, None] = OrderedDict()
        self._hidden: dict[str, int] = {}
        self._wake_ups: list[tuple[float, int, Message]] = []
        self._by_receipt: dict[str, Message] = {}
        self._forgotten: OrderedDict[str, None] = OrderedDict()
        self._sent: OrderedDict[str, tuple[float, Message]] = OrderedDict()
        self._attempts: OrderedDict[str, _Attempt] = OrderedDict()
        self._ticks = itertools.count()

    def sent_before(self, deduplication_id: str, *, now: float) -> Message | None:
        """The message that was sent under this id in the last five minutes, deleted or not."""
        while self._sent and next(iter(self._sent.values()))[0] <= now - DEDUPLICATION_SECONDS:
            self._sent.popitem(last=False)
        found = self._sent.get(deduplication_id)
        return None if found is None else found[1]

    def add(self, message: Message, *, now: float) -> None:
        """Take a message at the end of its group."""
        if message.deduplication_id is not None:
            self._sent[message.deduplication_id] = (now, message)
        members = self._groups.setdefault(message.group, OrderedDict())
        members[message.sequence] = message
        if message.visible_at > now:
            self._hide(message)
        elif message.group not in self._hidden:
            self._open[message.group] = None

    def receive(self, count: int, *, visibility_seconds: float, now: float, attempt: str = "") -> list[Message]:
        """Up to `count` messages, as many as possible of a group; they stay hidden from others for a while.

        The same `attempt` gets the same messages again, while none of them was deleted or hidden for another time:
        an answer may have been lost on its way.
        """
        self._wake(now)
        received = self._received_again(attempt, visibility_seconds=visibility_seconds, now=now)
        if received:
            return received
        for group in list(self._open):
            for message in list(self._groups[group].values())[: count - len(received)]:
                if self._bury is not None and message.receive_count >= self._most_receives:
                    self._remove(message)
                    self._bury(message)
                    continue
                self._give_out(message, now + visibility_seconds, now)
                received.append(message)
            if len(received) == count:
                break
        if attempt and received:
            self._attempts[attempt] = _Attempt(
                now + visibility_seconds, [(each.receipts[-1], each) for each in received]
            )
            while len(self._attempts) > MOST_ATTEMPTS:
                self._attempts.popitem(last=False)
        return received

    def delete(self, receipt: str) -> Message | None:
        """Remove the message of the receipt; None when that was done before.

        Raises:
            UnknownReceiptError: there never was one.
        """
        message = self._by_receipt.get(receipt)
        if message is None:
            if receipt in self._forgotten:
                return None
            raise UnknownReceiptError
        self._remove(message)
        return message

    def change_visibility(self, receipt: str, seconds: float, *, now: float) -> None:
        """Hide the message for so many seconds from now; 0 offers it again at once.

        Raises:
            UnknownReceiptError: there is no such message any more.
        """
        message = self._by_receipt.get(receipt)
        if message is None:
            raise UnknownReceiptError
        message.visible_at = now + seconds
        if seconds > 0:
            self._hide(message)
        elif message.is_hidden:
            self._show(message)

    def purge(self) -> None:
        """Forget every message."""
        for members in list(self._groups.values()):
            for message in list(members.values()):
                self._remove(message)

    def counts(self, *, now: float) -> tuple[int, int]:
        """How many messages wait, and how many are hidden."""
        self._wake(now)
        hidden = sum(self._hidden.values())
        return sum(map(len, self._groups.values())) - hidden, hidden

    def next_wake_up(self) -> float | None:
        """When the next hidden message may be offered again; None when none is hidden."""
        return self._wake_ups[0][0] if self._wake_ups else None

    def _received_again(self, attempt: str, *, visibility_seconds: float, now: float) -> list[Message]:
        known = self._attempts.get(attempt)
        if known is None or not all(
            message.is_hidden and receipt in self._by_receipt and message.visible_at == known.visible_at
            for receipt, message in known.given
        ):
            return []
        known.visible_at = now + visibility_seconds
        for _, message in known.given:
            message.visible_at = known.visible_at
            self._hide(message)
        return [message for _, message in known.given]

    def _give_out(self, message: Message, visible_at: float, now: float) -> None:
        receipt = uuid.uuid4().hex
        message.receipts.append(receipt)
        self._by_receipt[receipt] = message
        message.receive_count += 1
        message.first_received_at = message.first_received_at or now
        message.visible_at = visible_at
        if visible_at > now:
            self._hide(message)

    def _hide(self, message: Message) -> None:
        if not message.is_hidden:
            message.is_hidden = True
            self._hidden[message.group] = self._hidden.get(message.group, 0) + 1
            self._open.pop(message.group, None)
        heapq.heappush(self._wake_ups, (message.visible_at, next(self._ticks), message))

    def _show(self, message: Message) -> None:
        message.is_hidden = False
        self._hidden[message.group] -= 1
        if not self._hidden[message.group]:
            del self._hidden[message.group]
            if message.group in self._groups:
                self._open[message.group] = None

    def _wake(self, now: float) -> None:
        while self._wake_ups and self._wake_ups[0][0] <= now:
            due, _, message = heapq.heappop(self._wake_ups)
            # Deleted, or hidden for another time since.
            if message.is_hidden and message.visible_at == due:
                self._show(message)

    def _remove(self, message: Message) -> None:
        members = self._groups[message.group]
        del members[message.sequence]
        if not members:
            del self._groups[message.group]
            self._open.pop(message.group, None)
        if message.is_hidden:
            self._show(message)
        for receipt in message.receipts:
            del self._by_receipt[receipt]
            self._forgotten[receipt] = None
        while len(self._forgotten) > MOST_FORGOTTEN_RECEIPTS:
            self._forgotten.popitem(last=False)
