"""Once a person has the conversation nothing of the agents goes out, and afterwards they know what was said."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.conversation import ConversationStatus, Speaker
from shared.domain.event import EventType
from shared.domain.message import DeliveryStatus, MessageKind, Unanswered
from shared.errors import PlatformError, ProviderUnavailable
from shared.ports.channel import ChannelCapabilities
from shared.use_cases.change_hands import ChangeHands
from shared.use_cases.orchestrator import PERSON_WILL_WRITE
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Killed
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.memory_history_reader import MemoryHistoryReader
from tests.fakes.outbound_channel import FakeTextChannel
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import LEASE_SECONDS, House
from tests.shared.use_cases.test_answer_message import TO_A_PERSON


class Interrupting(FakeLanguageModel):
    """A model during whose answer a person takes the conversation over."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house

    async def stream(self, prompt: Any) -> Any:
        async for piece in super().stream(prompt):
            yield piece
        await change_hands(self._house, ConversationStatus.HUMAN)


@pytest.fixture
def house(clock: FrozenClock) -> House:
    clock.now = NOON
    return House(clock)


@pytest.fixture
def channel() -> FakeTextChannel:
    return FakeTextChannel(can_tell=True)


async def change_hands(house: House, to: ConversationStatus) -> None:
    (conversation_id,) = house.rows.conversations
    change = ChangeHands(MemoryHistoryReader(house.rows), house.history, house.context, house.events, house.clock)
    await change(conversation_id, to=to)


def unanswered(house: House) -> list[Unanswered | None]:
    return [row.unanswered for row in house.rows.messages if row.state is not None]


async def test_a_reply_that_was_being_written_does_not_go_out_after_the_takeover(
    house: House, channel: FakeTextChannel
) -> None:
    house.model = Interrupting(house)

    answer = await house.answer(a_message(), channel)

    assert answer is not None
    assert answer.draft is None
    assert channel.accepted == []
    assert unanswered(house) == [Unanswered.HUMAN]
    assert house.told == ["message.received", "takeover.changed"]


async def test_a_reply_that_a_crash_kept_from_being_sent_stays_where_it_is(
    house: House, channel: FakeTextChannel
) -> None:
    message = a_message()
    house.faults.arm("history.mark_sending", Killed, after=False)
    with pytest.raises(Killed):
        await house.answer(message, channel)
    await change_hands(house, ConversationStatus.HUMAN)
    house.clock.advance(seconds=LEASE_SECONDS)

    await house.answer(message, channel)

    assert channel.accepted == []
    assert unanswered(house) == [Unanswered.HUMAN]


async def test_a_reply_that_left_before_the_takeover_is_kept_as_sent(house: House, channel: FakeTextChannel) -> None:
    message = a_message()
    house.faults.arm("history.complete", Killed, after=False)
    with pytest.raises(Killed):
        await house.answer(message, channel)
    await change_hands(house, ConversationStatus.HUMAN)
    house.clock.advance(seconds=LEASE_SECONDS)

    await house.answer(message, channel)

    assert len(channel.accepted) == 1
    assert [row.delivery_status for row in house.replies] == [DeliveryStatus.SENT]


async def test_of_a_long_reply_no_part_leaves_after_the_takeover(house: House) -> None:
    house.model = FakeLanguageModel({"reception": ["First sentence here. " * 5]})

    class TakenOverMeanwhile(FakeTextChannel):
        capabilities = ChannelCapabilities(text_limit=40)

        async def deliver(self, recipient: Any, reply: Any) -> Any:
            delivery = await super().deliver(recipient, reply)
            await change_hands(house, ConversationStatus.HUMAN)
            return delivery

    channel = TakenOverMeanwhile()

    await house.answer(a_message(), channel)

    (sent,) = channel.accepted
    (reply,) = house.replies
    assert reply.text == sent.text
    first, *others = (part.status for part in reply.parts)
    assert first is DeliveryStatus.SENT
    assert set(others) == {DeliveryStatus.FAILED}


async def test_the_announcement_of_a_person_goes_out_though_the_person_has_it_already(
    house: House, channel: FakeTextChannel
) -> None:
    house.model = FakeLanguageModel({"reception": [[TO_A_PERSON]]})
    channel.failures.append(ProviderUnavailable("no answer"))
    message = a_message()
    with pytest.raises(PlatformError):
        await house.answer(message, channel)
    await change_hands(house, ConversationStatus.HUMAN)
    house.clock.advance(seconds=LEASE_SECONDS)

    await house.answer(message, channel)

    assert [taken.text for taken in channel.accepted] == [PERSON_WILL_WRITE]


async def test_a_user_who_wants_no_more_messages_is_told_so_by_whomever_the_conversation_is_led(
    house: House, channel: FakeTextChannel
) -> None:
    await house.answer(a_message(), channel)
    await change_hands(house, ConversationStatus.HUMAN)

    await house.answer(a_message(text="STOP"), channel)

    assert len(channel.accepted) == 2


@pytest.mark.requirement("11.3")
async def test_given_back_the_agents_answer_at_once_and_know_what_was_said_meanwhile(
    house: House, channel: FakeTextChannel
) -> None:
    await house.answer(a_message(text="Hello"), channel)
    await change_hands(house, ConversationStatus.HUMAN)
    await house.answer(a_message(text="Is my report ready?"), channel)
    await house.answer(a_message(kind=MessageKind.ECHO, text="Yes, since noon."), channel)
    await change_hands(house, ConversationStatus.OPEN)

    await house.answer(a_message(text="And when do you open?"), channel)

    assert [taken.text for taken in channel.accepted] == ["Answer 1.", "Answer 2."]
    assert [(turn.speaker.value, turn.text) for turn in house.model.prompts[-1].turns] == [
        ("user", "Hello"),
        ("agent", "Answer 1."),
        ("system", "A person of the team took over."),
        ("user", "Is my report ready?"),
        ("human", "Yes, since noon."),
        ("system", "The person gave the conversation back: the agents answer again."),
    ]


async def test_what_a_turn_kept_while_the_conversation_changed_hands_is_not_relied_upon(
    house: House, channel: FakeTextChannel
) -> None:
    house.model = Interrupting(house)
    await house.answer(a_message(), channel)

    await house.answer(a_message(text="Hello?"), channel)

    kept = await house.context.load(a_message().key)
    assert [(turn.speaker, turn.text) for turn in kept.turns] == [
        (Speaker.USER, "When do you open?"),
        (Speaker.SYSTEM, "A person of the team took over."),
        (Speaker.USER, "Hello?"),
    ]


async def test_what_a_person_typed_on_the_phone_of_the_business_is_theirs_not_the_users(
    house: House, channel: FakeTextChannel
) -> None:
    await house.answer(a_message(kind=MessageKind.ECHO, text="We are open today."), channel)

    kept = await house.context.load(a_message().key)
    assert [turn.speaker for turn in kept.turns] == [Speaker.HUMAN]
    assert (await house.history.load_conversation(a_message().key)).turns == kept.turns
    assert house.rows.messages[0].speaker is Speaker.HUMAN
    assert (await house.history.load_conversation(a_message().key)).status is ConversationStatus.OPEN


@pytest.mark.requirement("3.2")
async def test_whoever_watches_is_told_when_another_agent_serves(house: House, channel: FakeTextChannel) -> None:
    await house.answer(a_message(text="Hello"), channel)
    await house.answer(a_message(text="And today?"), channel)
    await house.answer(a_message(text="A copy of my invoice"), channel)

    changes = [event.data for event in house.events.events if event.type is EventType.AGENT_CHANGED]
    assert changes == [{"from": "reception", "to": "billing", "reason": "rule"}]
    assert house.told[-2:] == ["agent.changed", "message.sent"]


async def test_whoever_watches_is_told_that_a_person_wrote_on_the_business_phone(
    house: House, channel: FakeTextChannel
) -> None:
    await house.answer(a_message(kind=MessageKind.ECHO, text="We are open today."), channel)

    (event,) = house.events.events
    assert event.type is EventType.MESSAGE_RECEIVED
    assert (event.data["speaker"], event.data["text"]) == ("human", "We are open today.")
