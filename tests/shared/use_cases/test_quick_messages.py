"""Messages in any rhythm, doubled and with workers that die anywhere: each is stored once, each thought answered once.

The queue is the local platform's, which keeps SQS' rules; the stores are fakes; time is the test's own.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.queues.message_queue import Message, MessageQueue, UnknownReceiptError
from shared import queue_runtime
from shared.domain.burst import length_of_thought
from shared.domain.message import InboundItem, InboundMessage, MessageKind, Unanswered
from shared.errors import ProviderUnavailable, QueueUnavailable
from shared.ports.received_records import ReceivedRecord
from shared.queue_contract import decode, encode
from shared.use_cases.gather_burst import GatherBurst
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Killed
from tests.fakes.outbound_channel import FakeTextChannel
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import RULES, House, an_agent

PATIENCE_SECONDS = 3
VISIBILITY_SECONDS = 360.0
BATCH_SIZE = 10
USERS = ("919800000001", "919800000002")


class QueueOfRecords:
    """`ReceivedRecords` over the simulated queue, at the simulated time."""

    def __init__(self, queue: MessageQueue, clock: FrozenClock) -> None:
        self._queue = queue
        self._clock = clock
        self.set_aside_bodies: list[str] = []

    async def offer_again(self, records: Sequence[ReceivedRecord], *, after_seconds: int) -> None:
        try:
            for record in records:
                self._queue.change_visibility(record.receipt, after_seconds, now=seconds_of(self._clock))
        except UnknownReceiptError as error:
            raise QueueUnavailable("gone") from error

    async def set_aside(self, record: ReceivedRecord, *, reason: str) -> None:
        self.set_aside_bodies.append(record.body)


class Context:
    """Lambda's context."""

    aws_request_id = "r"

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda says it."""
        return 60_000


def seconds_of(clock: FrozenClock) -> float:
    return (clock.now - NOON).total_seconds()


class Simulation:
    """Users, a queue, one worker after the other, and what came of it."""

    def __init__(self) -> None:
        self.clock = FrozenClock(NOON)
        self.house = House(self.clock)
        self.house.agents.agents = [an_agent("reception", coalesce_seconds=PATIENCE_SECONDS)]
        self.house.agents.all_rules = list(RULES)
        self.channel = FakeTextChannel(can_tell=True)
        self.dead: list[Message] = []
        self.queue = MessageQueue(bury=self.dead.append, most_receives=queue_runtime.MOST_RECEIVES)
        self.records = QueueOfRecords(self.queue, self.clock)
        self._sequence = itertools.count(1)

    def send(self, message: InboundMessage) -> None:
        """What the webhook does."""
        number = next(self._sequence)
        self.queue.add(
            Message(
                id=f"queued-{number}",
                body=encode(message),
                group=str(message.key),
                sequence=number,
                sent_at=seconds_of(self.clock),
                deduplication_id=f"queued-{number}",
            ),
            now=seconds_of(self.clock),
        )

    def work(self, *, crash: tuple[int, bool] | None = None, lost_seconds: int = 31) -> bool:
        """What the event source mapping does with one batch; whether there was one. `crash` kills at a call."""
        now = seconds_of(self.clock)
        received = self.queue.receive(BATCH_SIZE, visibility_seconds=VISIBILITY_SECONDS, now=now)
        if not received:
            return False
        faults = self.house.faults
        before = len(faults.calls)
        if crash is not None:
            faults.arm(before + crash[0], Killed, after=crash[1])
        answer = self._handler()({"Records": [_event_record(message) for message in received]}, Context())
        was_killed = crash is not None and len(faults.calls) > before + crash[0]
        faults.arm(-1, Killed, after=False)
        if was_killed:
            # Nobody hears the answer: all of it comes again, whatever was done.
            for message in received:
                self.queue.change_visibility(message.receipts[-1], lost_seconds, now=now)
            return True
        left = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in received:
            if message.id not in left:
                self.queue.delete(message.receipts[-1])
        return True

    def work_off(self) -> None:
        """Go on until nothing waits any more."""
        while any(self.queue.counts(now=seconds_of(self.clock))):
            while self.work():
                pass
            self.clock.advance(seconds=1)

    def _handler(self) -> queue_runtime.QueueHandler:
        house = self.house
        wrap = house.faults.wrap
        # A new worker knows nothing: whatever it needs to go on after another one's death is in the stores.
        gather = GatherBurst(wrap(house.agents, "agents"), wrap(house.active, "active"), self.clock)
        handle_item = house.handle_item(whatsapp=wrap(self.channel, "channel"))

        @queue_runtime.queue_handler(decode, gather=gather, queue=wrap(self.records, "records"))
        async def handler(items: Sequence[InboundItem]) -> None:
            await handle_item(*items)

        return handler


def _event_record(message: Message) -> dict[str, Any]:
    return {
        "messageId": message.id,
        "receiptHandle": message.receipts[-1],
        "body": message.body,
        "attributes": {
            "MessageGroupId": message.group,
            "MessageDeduplicationId": message.deduplication_id,
            "ApproximateReceiveCount": str(message.receive_count),
        },
    }


@dataclass(frozen=True, slots=True)
class Step:
    """A message after a pause, perhaps one that was sent before, and perhaps a look into the queue."""

    pause_seconds: int
    user: int
    kind: MessageKind
    repeats: int
    is_worked_off: bool
    is_refused: bool
    crash: tuple[int, bool] | None


def steps(*, crashes: st.SearchStrategy[tuple[int, bool] | None]) -> st.SearchStrategy[list[Step]]:
    one = st.builds(
        Step,
        pause_seconds=st.sampled_from([0, 0, 1, 2, 4, 40]),
        user=st.integers(0, len(USERS) - 1),
        kind=st.sampled_from([MessageKind.TEXT] * 6 + [MessageKind.BUTTON, MessageKind.IMAGE, MessageKind.REACTION]),
        repeats=st.sampled_from([0, 0, 0, 0, 1, 2]),
        is_worked_off=st.booleans(),
        is_refused=st.booleans(),
        crash=crashes,
    )
    return st.lists(one, min_size=1, max_size=9)


def play(
    simulation: Simulation, plan: list[Step], *, most_crashes: int = 0, most_refused: int = 0, lost_seconds: int = 31
) -> list[InboundMessage]:
    """The distinct messages that were sent, in their order."""
    sent: list[InboundMessage] = []
    crashes = refused = 0
    for number, step in enumerate(plan):
        simulation.clock.advance(seconds=step.pause_seconds)
        message = a_message(
            user_id=USERS[step.user],
            provider_message_id=f"wamid.{number}",
            kind=step.kind,
            text="" if step.kind is MessageKind.IMAGE else f"words {number}",
            sent_at=simulation.clock.now,
            received_at=simulation.clock.now,
        )
        sent.append(message)
        simulation.send(message)
        own = [earlier for earlier in sent if earlier.key == message.key]
        for earlier in own[-step.repeats :] if step.repeats else []:
            simulation.send(earlier)
        crash = step.crash if crashes < most_crashes else None
        if step.is_refused and refused < most_refused:
            simulation.channel.failures.append(ProviderUnavailable("busy"))
            refused += 1
        if step.is_worked_off and simulation.work(crash=crash, lost_seconds=lost_seconds):
            crashes += crash is not None
    simulation.work_off()
    return sent


def check(simulation: Simulation, sent: list[InboundMessage]) -> None:
    """Everything is stored once and in order; what wants an answer has one, or a part in a later one's."""
    rows = [row for row in simulation.house.rows.messages if row.state is not None]
    assert simulation.dead == []
    assert simulation.records.set_aside_bodies == []
    assert sorted(str(row.provider_message_id) for row in rows) == sorted(m.provider_message_id for m in sent)
    assert {row.state for row in rows} == {"done"}
    answered = [str(taken.recipient.reply_to) for taken in simulation.channel.accepted]
    for user in USERS:
        own = [message for message in sent if message.user_id == user]
        kept = {str(row.provider_message_id): row for row in rows if row.key.user_id == user}
        assert list(kept) == [message.provider_message_id for message in own]
        wanted = [
            message.provider_message_id
            for message in own
            if message.kind is not MessageKind.REACTION
            and kept[message.provider_message_id].unanswered is not Unanswered.JOINED
        ]
        assert [message_id for message_id in answered if message_id in kept] == wanted
        _check_thoughts(own, kept)


def _check_thoughts(own: list[InboundMessage], kept: dict[str, Any]) -> None:
    ids = {row.id: provider_message_id for provider_message_id, row in kept.items()}
    order = [message.provider_message_id for message in own]
    for message in own:
        row = kept[message.provider_message_id]
        if row.unanswered is Unanswered.JOINED:
            first, last = order.index(message.provider_message_id), order.index(ids[row.joined_to])
            assert first < last
            assert length_of_thought(own[first : last + 1]) == last + 1 - first
            assert kept[order[last]].unanswered is None


UNHURRIED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(plan=steps(crashes=st.none()))
def test_in_any_rhythm_each_message_is_stored_once_and_each_thought_answered_once(plan: list[Step]) -> None:
    simulation = Simulation()

    sent = play(simulation, plan)

    check(simulation, sent)


@pytest.mark.requirement("10.2")
@UNHURRIED
@given(plan=steps(crashes=st.none() | st.tuples(st.integers(0, 45), st.booleans())))
def test_a_worker_that_dies_anywhere_loses_and_doubles_nothing(plan: list[Step]) -> None:
    simulation = Simulation()

    sent = play(simulation, plan, most_crashes=2)

    check(simulation, sent)


@UNHURRIED
@given(plan=steps(crashes=st.none() | st.tuples(st.integers(0, 45), st.booleans())))
def test_a_lease_that_still_runs_and_a_provider_that_refuses_cost_time_only(plan: list[Step]) -> None:
    simulation = Simulation()

    # All that one message can meet in five receives: the pause for more, a death, its lease, a refusal, and success.
    sent = play(simulation, plan, most_crashes=1, most_refused=1, lost_seconds=1)

    check(simulation, sent)


def texts(simulation: Simulation, *words: str, pause_seconds: int = 0) -> None:
    for word in words:
        simulation.send(a_message(text=word, sent_at=simulation.clock.now, received_at=simulation.clock.now))
        simulation.clock.advance(seconds=pause_seconds)


def test_a_thought_in_three_messages_gets_one_answer_to_all_of_its_words() -> None:
    simulation = Simulation()
    texts(simulation, "Hello", "I have a question", "When do you open?")

    simulation.work_off()

    assert len(simulation.channel.accepted) == 1
    assert simulation.house.said == [
        ("user", "Hello"),
        ("user", "I have a question"),
        ("user", "When do you open?"),
        ("agent", "Answer 1."),
    ]
    (prompt,) = simulation.house.model.prompts
    assert prompt.question == "Hello\nI have a question\nWhen do you open?"


def test_what_comes_while_an_answer_waits_belongs_to_it() -> None:
    simulation = Simulation()
    texts(simulation, "Hello")

    simulation.work()
    simulation.clock.advance(seconds=2)
    texts(simulation, "When do you open?")
    simulation.work_off()

    assert len(simulation.channel.accepted) == 1


def test_the_user_waits_for_no_longer_than_the_agent_wants() -> None:
    simulation = Simulation()
    texts(simulation, "Hello")

    simulation.work()
    simulation.clock.advance(seconds=PATIENCE_SECONDS)
    simulation.work()

    assert len(simulation.channel.accepted) == 1


def test_after_a_death_the_answer_is_to_all_words_and_new_ones_get_their_own() -> None:
    simulation = Simulation()
    texts(simulation, "Hello", "When do you open?")
    simulation.clock.advance(seconds=PATIENCE_SECONDS)

    died = simulation.work(crash=(calls_until("history.hold_reply", "Hello", "When do you open?"), False))
    texts(simulation, "And on Sunday?")
    simulation.work_off()

    assert died
    questions = [prompt.question for prompt in simulation.house.model.prompts]
    assert questions == ["Hello\nWhen do you open?", "Hello\nWhen do you open?", "And on Sunday?"]
    assert [taken.text for taken in simulation.channel.accepted] == ["Answer 2.", "Answer 3."]


def calls_until(name: str, *words: str) -> int:
    """At which call the named one comes, when these words had their time."""
    simulation = Simulation()
    texts(simulation, *words)
    simulation.clock.advance(seconds=PATIENCE_SECONDS)
    simulation.work()
    return simulation.house.faults.calls.index(name)
