"""A person writes to the user while the agents are silent; over the real database everybody remembers it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.outbound import PostgresOutboundMessages
from shared.adapters.postgres.schema import conversations
from shared.domain.content import TextContent
from shared.domain.conversation import ConversationStatus, Speaker
from shared.domain.message import DeliveryStatus, MessageKind
from shared.domain.outbound import OutboundMessage, SentMessage
from shared.errors import (
    InvalidContent,
    NotFound,
    NotTakenOver,
    OptedOut,
    VersionConflict,
    WindowClosed,
)
from shared.ports.channel import ChannelCapabilities
from shared.use_cases.change_hands import ChangeHands
from shared.use_cases.write_as_person import WriteAsPerson
from tests.fakes.clock import FrozenClock
from tests.fakes.outbound_channel import FakeTextChannel, FakeVoiceChannel
from tests.samples import a_message
from tests.shared.use_cases.house import House

pytestmark = pytest.mark.integration
MEERA = "user-meera"


class Whatsapp(FakeTextChannel):
    """A channel with a window."""

    capabilities = ChannelCapabilities(text_limit=4096, reply_window_hours=24)


@dataclass
class Desk:
    """A clinic whose history lies in a real database, and the people at its front desk."""

    database: Any
    house: House
    channel: Whatsapp = field(default_factory=Whatsapp)

    def __post_init__(self) -> None:
        self.house.history = PostgresHistoryStore(self.database)
        self.house.outbound = PostgresOutboundMessages(self.database)
        self.reader = PostgresHistoryReader(self.database)

    async def hear(self, text: str, **given: Any) -> str:
        """The user writes; the conversation's id."""
        self.house.clock.now = datetime.now(UTC)
        now = self.house.clock()
        channel = FakeVoiceChannel() if given.get("channel") == "voice" else self.channel
        answer = await self.house.answer(a_message(text=text, **{"sent_at": now, "received_at": now, **given}), channel)
        assert answer is not None
        return answer.conversation.id

    async def change(self, conversation_id: str, to: ConversationStatus) -> None:
        house = self.house
        change = ChangeHands(self.reader, house.history, house.context, house.events, house.clock)
        await change(conversation_id, to=to)

    async def write(self, conversation_id: str, text: str = "Your report is ready.", key: str = "k-1") -> SentMessage:
        """Meera writes."""
        channels = {"whatsapp": self.channel}
        write = WriteAsPerson(
            self.reader, self.house.history, self.house.outbound, self.house.send_outbound(**channels), channels
        )
        message_to = functools.partial(OutboundMessage, content=TextContent(text=text))
        return await write(conversation_id, lambda user: message_to(key=user), person=MEERA, idempotency_key=key)

    @property
    def texts(self) -> list[str]:
        """What the provider took."""
        return [taken.text for taken in self.channel.accepted]


@pytest.fixture
def desk(database: Any, clock: FrozenClock) -> Desk:
    return Desk(database, House(clock))


async def test_a_person_who_took_over_writes_to_the_user(desk: Desk) -> None:
    conversation_id = await desk.hear("Is my report ready?")
    await desk.change(conversation_id, ConversationStatus.HUMAN)

    sent = await desk.write(conversation_id)

    assert (sent.conversation_id, sent.status) == (conversation_id, DeliveryStatus.SENT)
    assert desk.texts == ["Answer 1.", "Your report is ready."]
    assert desk.channel.accepted[-1].recipient.business_id == a_message().business_id
    event = desk.house.events.events[-1]
    assert (event.type.value, event.conversation_id) == ("message.sent", conversation_id)
    assert event.data == {
        "message_id": sent.message_id,
        "answers_id": None,
        "speaker": "human",
        "text": "Your report is ready.",
        "agent_id": None,
        "person": MEERA,
        "interrupted": False,
        "status": "sent",
    }


async def test_the_history_shows_that_a_person_wrote_and_who(desk: Desk) -> None:
    conversation_id = await desk.hear("Is my report ready?")
    await desk.change(conversation_id, ConversationStatus.HUMAN)

    await desk.write(conversation_id)

    turns = (await desk.reader.messages(conversation_id, cursor=None, limit=10)).items
    assert [turn.speaker for turn in turns] == [Speaker.USER, Speaker.AGENT, Speaker.SYSTEM, Speaker.HUMAN]
    assert (turns[-1].agent_id, turns[-1].attributes["person"]) == (None, MEERA)
    assert turns[-1].delivery_status is DeliveryStatus.SENT


@pytest.mark.requirement("11.3")
async def test_released_the_agents_answer_at_once_and_know_who_said_what_meanwhile(desk: Desk) -> None:
    conversation_id = await desk.hear("Is my report ready?")
    await desk.change(conversation_id, ConversationStatus.HUMAN)
    await desk.write(conversation_id, "Give me a minute.")
    await desk.hear("Thank you.")
    await desk.hear("It is, you may come.", kind=MessageKind.ECHO)
    await desk.change(conversation_id, ConversationStatus.OPEN)

    await desk.hear("And when do you open?")

    assert desk.texts == ["Answer 1.", "Give me a minute.", "Answer 2."]
    assert [(turn.speaker.value, turn.text) for turn in desk.house.model.prompts[-1].turns] == [
        ("user", "Is my report ready?"),
        ("agent", "Answer 1."),
        ("system", "A person of the team took over."),
        ("human", "Give me a minute."),
        ("user", "Thank you."),
        ("human", "It is, you may come."),
        ("system", "The person gave the conversation back: the agents answer again."),
    ]


async def test_the_same_key_writes_once_and_still_tells_after_the_release(desk: Desk) -> None:
    conversation_id = await desk.hear("Is my report ready?")
    await desk.change(conversation_id, ConversationStatus.HUMAN)
    first = await desk.write(conversation_id)
    await desk.change(conversation_id, ConversationStatus.OPEN)

    again = await desk.write(conversation_id)

    assert again == first
    assert len(desk.texts) == 2


async def test_a_key_means_one_message(desk: Desk) -> None:
    conversation_id = await desk.hear("Is my report ready?")
    await desk.change(conversation_id, ConversationStatus.HUMAN)
    await desk.write(conversation_id)

    with pytest.raises(VersionConflict):
        await desk.write(conversation_id, "Something else.")


async def test_nobody_writes_while_the_agents_have_the_conversation(desk: Desk) -> None:
    conversation_id = await desk.hear("Is my report ready?")

    with pytest.raises(NotTakenOver):
        await desk.write(conversation_id)

    assert desk.texts == ["Answer 1."]


async def test_nobody_writes_into_a_closed_conversation(desk: Desk) -> None:
    conversation_id = await desk.hear("Is my report ready?")
    await desk.house.history.set_status(conversation_id, ConversationStatus.CLOSED, note="Over.")

    with pytest.raises(InvalidContent, match="closed"):
        await desk.write(conversation_id)


async def test_nobody_writes_into_a_conversation_that_was_followed_by_another(desk: Desk) -> None:
    conversation_id = await desk.hear("Is my report ready?")
    await desk.change(conversation_id, ConversationStatus.HUMAN)
    long_ago = datetime.now(UTC) - timedelta(hours=30)
    days_pass = update(conversations).values(last_message_at=long_ago, last_activity_at=long_ago)
    await desk.database.run(lambda connection: connection.execute(days_pass))
    await desk.hear("Hello again")

    with pytest.raises(InvalidContent, match="another conversation"):
        await desk.write(conversation_id)


async def test_nobody_writes_into_a_call(desk: Desk) -> None:
    conversation_id = await desk.hear("Hello?", channel="voice", kind=MessageKind.SPEECH)
    await desk.change(conversation_id, ConversationStatus.HUMAN)

    with pytest.raises(InvalidContent, match="call"):
        await desk.write(conversation_id)


async def test_the_window_of_the_channel_counts_for_people_too(desk: Desk) -> None:
    conversation_id = await desk.hear("Is my report ready?")
    await desk.change(conversation_id, ConversationStatus.HUMAN)
    desk.house.clock.advance(hours=25)

    with pytest.raises(WindowClosed):
        await desk.write(conversation_id)


async def test_nobody_writes_to_who_wants_no_more_messages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation_id = await desk.hear("Is my report ready?")
    await desk.change(conversation_id, ConversationStatus.HUMAN)

    async def has_opted_out(_key: object) -> bool:
        return True

    monkeypatch.setattr(desk.house.outbound, "has_opted_out", has_opted_out)

    with pytest.raises(OptedOut):
        await desk.write(conversation_id)


async def test_an_unknown_conversation_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.write("01a202f3-4171-728d-bfa0-7ee193eb6c7c")
