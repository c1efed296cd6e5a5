"""A spoken answer begun before its message was claimed: heard at once, silenced if the claim does not allow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from shared.domain.call import VOICE_CHANNEL
from shared.domain.conversation import ConversationStatus
from shared.domain.message import Delivery, InboundMessage, MessageKind, Recipient, ReplyChunk
from shared.domain.tools.tool import ToolAnswer, ToolCall, ToolSpec
from shared.errors import StoreUnavailable
from shared.ports.channel import ChannelCapabilities
from shared.ports.stores import Claim
from shared.ports.tools import ToolContext
from tests.fakes.clock import FrozenClock
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.stores import FakeAgentStore
from tests.samples import a_message
from tests.shared.use_cases.house import House, an_agent


class Listener:
    """A call in which a reply is heard to its end only when told so."""

    capabilities = ChannelCapabilities(streams=True)

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.was_silenced = False

    async def deliver(self, recipient: Recipient, reply: AsyncGenerator[ReplyChunk, None]) -> Delivery:
        try:
            async for chunk in reply:
                self.heard.append(chunk.text)
                self.has_begun.set()
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.was_silenced = True
            raise
        return Delivery(text="".join(self.heard).strip(), stages_ms={"reply": 0, "speech": 1})

    async def find_sent(self, recipient: Recipient, text: str) -> tuple[str, ...] | None:
        return ()


def spoken(text: str = "And on Sunday?", **given: Any) -> InboundMessage:
    return a_message(channel=VOICE_CHANNEL, kind=MessageKind.SPEECH, text=text, **given)


@pytest.fixture
async def house(clock: FrozenClock) -> House:
    """One question was answered already, so there is a conversation."""
    house = House(clock)
    listener = Listener()
    listener.may_end.set()
    await house.answer(spoken("When do you open?", provider_message_id="before"), listener)
    return house


async def conversation_id(house: House) -> str:
    conversation = await house.history.load_conversation(spoken().key)
    assert conversation is not None
    return conversation.id


async def test_the_answer_is_heard_while_the_database_still_takes_the_message(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, listener, claimed = spoken(), Listener(), asyncio.Event()
    claim = house.history.claim

    async def slow(message: InboundMessage, **given: Any) -> Claim | None:
        await claimed.wait()
        return await claim(message, **given)

    monkeypatch.setattr(house.history, "claim", slow)
    anticipated = await house.answer.anticipate(message, await conversation_id(house))
    answering = asyncio.create_task(house.answer(message, listener, anticipated))
    await listener.has_begun.wait()
    assert not claimed.is_set()

    claimed.set()
    listener.may_end.set()
    answer = await answering

    assert answer is not None
    assert answer.delivery is not None
    assert house.said[-2:] == [("user", "And on Sunday?"), ("agent", answer.delivery.text)]
    assert answer.delivery.stages_ms["context"] == 0


async def test_nothing_is_kept_or_told_of_an_answer_that_was_only_anticipated(house: House) -> None:
    said, told = list(house.said), list(house.told)

    anticipated = await house.answer.anticipate(spoken(), await conversation_id(house))
    async for _ in anticipated.reply.chunks:
        pass

    assert (house.said, house.told) == (said, told)


async def test_a_message_that_cannot_be_kept_silences_its_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    message, listener = spoken(), Listener()

    async def down(message: InboundMessage, **given: Any) -> Claim | None:
        await listener.has_begun.wait()
        raise StoreUnavailable("down")

    monkeypatch.setattr(house.history, "claim", down)
    anticipated = await house.answer.anticipate(message, await conversation_id(house))

    with pytest.raises(StoreUnavailable):
        await house.answer(message, listener, anticipated)

    assert listener.was_silenced


async def test_a_message_that_was_answered_before_is_not_answered_aloud_again(house: House) -> None:
    message, listener = spoken(), Listener()
    listener.may_end.set()
    await house.answer(message, listener)
    said, again = list(house.said), Listener()

    anticipated = await house.answer.anticipate(message, await conversation_id(house))

    assert await house.answer(message, again, anticipated) is None
    assert house.said == said


async def test_an_agent_falls_silent_where_a_person_has_taken_over(house: House) -> None:
    message, listener = spoken(), Listener()
    await house.history.set_status(await conversation_id(house), ConversationStatus.HUMAN, note="Taken over.")

    anticipated = await house.answer.anticipate(message, await conversation_id(house))
    answer = await house.answer(message, listener, anticipated)

    assert answer is not None
    assert answer.delivery is None
    assert answer.conversation.status is ConversationStatus.HUMAN


class Noting:
    """A tool that notes in the name of which message it is used."""

    spec = ToolSpec(name="note", description="Notes something.", parameters={"type": "object"})

    def __init__(self) -> None:
        self.used_for: list[str] = []

    def fits(self, _context: ToolContext) -> bool:
        return True

    async def __call__(self, _arguments: object, context: ToolContext, *, idempotency_key: str) -> ToolAnswer:
        self.used_for.append(context.message.provider_message_id)
        return ToolAnswer(text="Noted.")


async def test_a_tool_of_an_answer_begun_early_is_used_in_the_name_of_the_message_itself(house: House) -> None:
    tool = Noting()
    house.tools = [tool]
    house.agents = FakeAgentStore([an_agent("reception", tools=("note",))])
    call = ToolCall(id="1", name="note", arguments={})
    house.model = FakeLanguageModel({"reception": [[call], "First.", [call], "Second."]})

    for message_id in ("CA1:turn-1", "CA1:turn-2"):
        listener = Listener()
        listener.may_end.set()
        # What the caller may have said has no number yet.
        begun = await house.answer.anticipate(spoken(provider_message_id=""), await conversation_id(house))
        await house.answer(spoken(provider_message_id=message_id), listener, begun)

    assert tool.used_for == ["CA1:turn-1", "CA1:turn-2"]
