from __future__ import annotations

import pytest

from shared import errors
from shared.domain.conversation import Conversation, ConversationKey, ConversationStatus, Speaker
from shared.domain.event import EventType
from shared.use_cases.change_hands import ChangeHands
from tests.fakes.clock import FrozenClock
from tests.fakes.history_store import FakeHistoryStore
from tests.fakes.memory_history_reader import MemoryHistoryReader
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.messaging import FakeEventPublisher
from tests.fakes.stores import FakeContextStore
from tests.samples import a_message

KEY = ConversationKey(channel="whatsapp", user_id="919800000001")


class Desk:
    """A conversation with one message, and everything around it."""

    def __init__(self, clock: FrozenClock) -> None:
        self.rows = MemoryRows(clock)
        self.history = FakeHistoryStore(self.rows)
        self.reader = MemoryHistoryReader(self.rows)
        self.contexts = FakeContextStore(clock)
        self.events = FakeEventPublisher()
        self.change_hands = ChangeHands(self.reader, self.history, self.contexts, self.events, clock)

    async def conversation(self) -> str:
        claim = await self.history.claim(a_message(), lease_seconds=30)
        assert claim is not None
        await self.history.complete(claim, None, None)
        await self.contexts.save(Conversation(id=claim.conversation_id, key=KEY))
        return claim.conversation_id


@pytest.fixture
def desk(clock: FrozenClock) -> Desk:
    return Desk(clock)


async def test_a_person_takes_over_and_everybody_watching_is_told(desk: Desk) -> None:
    conversation_id = await desk.conversation()

    summary = await desk.change_hands(conversation_id, to=ConversationStatus.HUMAN)

    assert summary.status is ConversationStatus.HUMAN
    assert (await desk.reader.conversation(conversation_id)).status is ConversationStatus.HUMAN
    (event,) = desk.events.events
    assert (event.type, event.key, event.data) == (
        EventType.TAKEOVER_CHANGED,
        KEY,
        {"status": "human", "wanted": False},
    )


async def test_the_change_is_noted_as_a_turn_and_the_kept_context_dropped(desk: Desk) -> None:
    conversation_id = await desk.conversation()

    await desk.change_hands(conversation_id, to=ConversationStatus.HUMAN)

    turns = await desk.reader.messages(conversation_id, cursor=None, limit=10)
    assert Speaker.SYSTEM in {turn.speaker for turn in turns.items}
    assert await desk.contexts.load(KEY) is None


async def test_taking_over_twice_changes_nothing_more(desk: Desk) -> None:
    conversation_id = await desk.conversation()
    await desk.change_hands(conversation_id, to=ConversationStatus.HUMAN)

    again = await desk.change_hands(conversation_id, to=ConversationStatus.HUMAN)

    assert again.status is ConversationStatus.HUMAN
    assert len(desk.events.events) == 1


async def test_given_back_the_agents_answer_again(desk: Desk) -> None:
    conversation_id = await desk.conversation()
    await desk.change_hands(conversation_id, to=ConversationStatus.HUMAN)

    released = await desk.change_hands(conversation_id, to=ConversationStatus.OPEN)

    assert released.status is ConversationStatus.OPEN


async def test_a_cache_that_is_down_does_not_prevent_a_take_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation_id = await desk.conversation()

    async def fail(_key: ConversationKey) -> None:
        raise errors.StoreUnavailable("The cache gave no answer.")

    monkeypatch.setattr(desk.contexts, "forget", fail)

    assert (await desk.change_hands(conversation_id, to=ConversationStatus.HUMAN)).status is ConversationStatus.HUMAN


async def test_a_closed_conversation_belongs_to_nobody(desk: Desk) -> None:
    conversation_id = await desk.conversation()
    await desk.history.set_status(conversation_id, ConversationStatus.CLOSED, note="Over.")

    with pytest.raises(errors.InvalidContent):
        await desk.change_hands(conversation_id, to=ConversationStatus.HUMAN)


async def test_an_unknown_conversation_is_not_found(desk: Desk) -> None:
    with pytest.raises(errors.NotFound):
        await desk.change_hands("01a202f3-4171-728d-bfa0-7ee193eb6c7c", to=ConversationStatus.HUMAN)
