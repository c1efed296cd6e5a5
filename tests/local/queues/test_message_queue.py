from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from local.queues.message_queue import DEDUPLICATION_SECONDS, Message, MessageQueue, UnknownReceiptError


def a_message(sequence: int, group: str = "user", **given: object) -> Message:
    values: dict[str, object] = {"id": f"m{sequence}", "body": str(sequence), "sent_at": 0.0}
    return Message(sequence=sequence, group=group, **{**values, **given})  # type: ignore[arg-type]


def a_queue(*messages: Message) -> MessageQueue:
    queue = MessageQueue()
    for message in messages:
        queue.add(message, now=0)
    return queue


def received(queue: MessageQueue, *, count: int = 10, now: float = 0) -> list[str]:
    return [message.body for message in queue.receive(count, visibility_seconds=30, now=now)]


def test_a_group_is_received_in_order_and_as_a_whole() -> None:
    queue = a_queue(a_message(1), a_message(2, "other"), a_message(3))

    assert received(queue) == ["1", "3", "2"]


def test_nothing_of_a_group_is_given_out_while_one_of_it_is_on_its_way() -> None:
    queue = a_queue(a_message(1), a_message(2), a_message(3, "other"))
    first = queue.receive(1, visibility_seconds=30, now=0)

    others = received(queue)

    assert ([message.body for message in first], others) == (["1"], ["3"])


def test_what_was_not_deleted_comes_back_in_its_place_when_its_time_is_over() -> None:
    queue = a_queue(a_message(1), a_message(2))
    queue.receive(1, visibility_seconds=30, now=0)

    assert received(queue, now=29) == []
    assert received(queue, now=30) == ["1", "2"]


def test_the_same_attempt_receives_the_same_again_and_anew_for_the_whole_time() -> None:
    queue = a_queue(a_message(1), a_message(2))
    (first,) = queue.receive(1, visibility_seconds=30, now=0, attempt="once")

    (again,) = queue.receive(1, visibility_seconds=30, now=20, attempt="once")

    assert again is first
    assert len(first.receipts) == 1
    assert received(queue, now=30) == []
    assert received(queue, now=50) == ["1", "2"]


def test_an_attempt_whose_messages_were_deleted_receives_what_is_next() -> None:
    queue = a_queue(a_message(1), a_message(2))
    (first,) = queue.receive(1, visibility_seconds=30, now=0, attempt="once")
    queue.delete(first.receipts[-1])

    (following,) = queue.receive(1, visibility_seconds=30, now=1, attempt="once")

    assert following.body == "2"


def test_an_attempt_whose_messages_were_offered_again_does_not_receive_them_before_others() -> None:
    queue = a_queue(a_message(1))
    (first,) = queue.receive(1, visibility_seconds=30, now=0, attempt="once")
    queue.change_visibility(first.receipts[-1], 10, now=0)

    assert queue.receive(1, visibility_seconds=30, now=1, attempt="once") == []


def test_a_changed_visibility_counts_from_the_change() -> None:
    queue = a_queue(a_message(1))
    (message,) = queue.receive(1, visibility_seconds=30, now=0)

    queue.change_visibility(message.receipts[-1], 60, now=10)

    assert received(queue, now=30) == []
    assert received(queue, now=70) == ["1"]


def test_visibility_zero_offers_it_at_once() -> None:
    queue = a_queue(a_message(1))
    (message,) = queue.receive(1, visibility_seconds=30, now=0)

    queue.change_visibility(message.receipts[-1], 0, now=1)

    assert received(queue, now=1) == ["1"]


def test_deleting_frees_the_group_and_may_be_repeated() -> None:
    queue = a_queue(a_message(1), a_message(2))
    (message,) = queue.receive(1, visibility_seconds=30, now=0)

    deleted, again = queue.delete(message.receipts[-1]), queue.delete(message.receipts[-1])

    assert (deleted, again) == (message, None)
    assert received(queue) == ["2"]


def test_an_unknown_receipt_is_an_error() -> None:
    with pytest.raises(UnknownReceiptError):
        a_queue().delete("never given out")


def test_an_id_is_remembered_for_five_minutes_even_after_deletion() -> None:
    queue = a_queue(a_message(1, deduplication_id="wamid.1"))
    (message,) = queue.receive(1, visibility_seconds=30, now=0)
    queue.delete(message.receipts[-1])

    assert queue.sent_before("wamid.1", now=DEDUPLICATION_SECONDS - 1) is message
    assert queue.sent_before("wamid.1", now=DEDUPLICATION_SECONDS) is None


def test_what_was_received_too_often_is_buried_and_the_next_one_goes_on() -> None:
    buried: list[Message] = []
    queue = MessageQueue(bury=buried.append, most_receives=2)
    for sequence in (1, 2):
        queue.add(a_message(sequence), now=0)
    for _ in range(2):
        (message,) = queue.receive(1, visibility_seconds=30, now=0)
        queue.change_visibility(message.receipts[-1], 0, now=0)

    assert received(queue) == ["2"]
    assert [message.body for message in buried] == ["1"]


def test_the_counts_tell_waiting_from_hidden() -> None:
    queue = a_queue(a_message(1), a_message(2, "other"), a_message(3))
    queue.receive(1, visibility_seconds=30, now=0)

    assert queue.counts(now=0) == (2, 1)
    assert queue.counts(now=30) == (3, 0)


class AgainstTheRules(RuleBasedStateMachine):
    """Any sequence of operations, compared with a list that is searched naively."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.sent = 0
        self.queue = MessageQueue()
        self.messages: list[Message] = []
        self.hidden_until: dict[int, float] = {}
        self.receipts: list[tuple[str, Message]] = []

    def is_hidden(self, message: Message) -> bool:
        return self.hidden_until.get(message.sequence, 0.0) > self.now

    def is_locked(self, group: str) -> bool:
        return any(self.is_hidden(message) for message in self.messages if message.group == group)

    @rule(group=st.sampled_from("abc"))
    def send(self, group: str) -> None:
        self.sent += 1
        message = a_message(self.sent, group)
        self.messages.append(message)
        self.queue.add(message, now=self.now)

    @rule(count=st.integers(1, 4), seconds=st.integers(0, 5))
    def receive(self, count: int, seconds: int) -> None:
        free = {message.group for message in self.messages if not self.is_locked(message.group)}
        found = self.queue.receive(count, visibility_seconds=seconds, now=self.now)

        available = [message for message in self.messages if message.group in free]
        assert len(found) == min(count, len(available))
        for group in {message.group for message in found}:
            ours = [message for message in available if message.group == group]
            theirs = list(dict.fromkeys(message for message in found if message.group == group))
            assert theirs == ours[: len(theirs)]
        for message in found:
            self.hidden_until[message.sequence] = self.now + seconds
            self.receipts.append((message.receipts[-1], message))

    @precondition(lambda self: self.receipts)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        receipt, message = data.draw(st.sampled_from(self.receipts))

        deleted = self.queue.delete(receipt)

        assert (deleted is message) == (message in self.messages)
        self.messages = [one for one in self.messages if one is not message]

    @precondition(lambda self: self.receipts)
    @rule(data=st.data(), seconds=st.integers(0, 5))
    def change(self, data: st.DataObject, seconds: int) -> None:
        receipt, message = data.draw(st.sampled_from(self.receipts))
        if message in self.messages:
            self.queue.change_visibility(receipt, seconds, now=self.now)
            self.hidden_until[message.sequence] = self.now + seconds

    @rule(seconds=st.integers(1, 4))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def nothing_is_lost(self) -> None:
        hidden = sum(map(self.is_hidden, self.messages))
        assert self.queue.counts(now=self.now) == (len(self.messages) - hidden, hidden)


TestAgainstTheRules = AgainstTheRules.TestCase
TestAgainstTheRules.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
