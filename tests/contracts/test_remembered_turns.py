"""What the cache keeps of a conversation is what the database gives back once the cache is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.agent import HUMAN
from shared.domain.conversation import Conversation, Speaker
from shared.domain.message import MessageKind
from shared.domain.prompt import HandOver, TextPiece
from tests.contracts.conftest import Records
from tests.fakes.clock import FrozenClock
from tests.fakes.history_store import FakeHistoryStore
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.outbound_channel import FakeTextChannel, FakeVoiceChannel
from tests.samples import a_message
from tests.shared.use_cases.house import House


def to(target: str) -> HandOver:
    return HandOver(target=target, reason=f"For {target}", summary="Invoice: June,\nwants a copy.")


@pytest.fixture
def house(records: Records) -> House:
    history = records.history
    # The database has a clock of its own.
    clock = history.rows.clock if isinstance(history, FakeHistoryStore) else FrozenClock(records.now)
    assert isinstance(clock, FrozenClock)
    house = House(clock)
    house.history = history
    return house


async def both(
    house: House, *texts: str, channel: Any = None, **given: Any
) -> list[list[tuple[str, str, str | None, bool]]]:
    """The turns as the cache keeps them, and as they are without it."""
    channel = channel or FakeTextChannel()
    for text in texts:
        await ask(house, channel, text, **given)
    key = a_message(**given).key
    rebuilt = await house.history.load_conversation(key)
    # Where a summary was written last, the next turn reads the database.
    cached = await house.context.load(key) or await house.recall(key, rebuilt.id if rebuilt else "")
    return [_facts(cached), _facts(rebuilt)]


async def ask(house: House, channel: Any, text: str, **given: Any) -> None:
    # The database goes by its own clock, so what is said later has to be sent later.
    house.clock.now = datetime.now(UTC)
    await house.answer(a_message(text=text, sent_at=house.clock(), received_at=house.clock(), **given), channel)


def _facts(conversation: Conversation | None) -> list[tuple[str, str, str | None, bool]]:
    assert conversation is not None
    return [(turn.speaker.value, turn.text, turn.agent_id, turn.interrupted) for turn in conversation.turns]


@pytest.mark.requirement("3.2")
@pytest.mark.requirement("11.5")
async def test_a_hand_over_stays_in_the_conversation(house: House) -> None:
    house.model = FakeLanguageModel(
        {"reception": [[TextPiece(text="One moment."), to("billing")]], "billing": ["Here it is.", "You are welcome."]}
    )

    cached, rebuilt = await both(house, "What I owe for June?", "Thanks")

    assert rebuilt == cached
    assert (
        "system",
        "Reception handed over to billing: For billing. Invoice: June, wants a copy",
        None,
        False,
    ) in cached
    assert [speaker for speaker, *_ in cached] == ["user", "system", "agent", "user", "agent"]


@pytest.mark.requirement("3.2")
async def test_the_agent_who_took_over_and_the_next_one_both_read_why(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[to("billing")]], "billing": ["Here it is.", "Yes."]})
    await both(house, "What I owe for June?")
    await house.context.forget(a_message().key)

    await both(house, "And of July?")

    assert "For billing. Invoice: June," in house.model.prompts[1].system
    (note,) = [turn for turn in house.model.prompts[2].turns if turn.speaker is Speaker.SYSTEM]
    assert note.text.startswith("Reception handed over to billing")


async def test_several_hand_overs_of_one_turn_stay_in_their_order(house: House) -> None:
    house.model = FakeLanguageModel(
        {"reception": [[to("appointments")]], "appointments": [[to("billing")]], "billing": ["Paid."]}
    )

    cached, rebuilt = await both(house, "Hello")

    assert rebuilt == cached
    assert [text.partition(":")[0] for speaker, text, *_ in cached if speaker == "system"] == [
        "Reception handed over to appointments",
        "Appointments handed over to billing",
    ]


async def test_a_hand_over_to_a_person_is_noted_once(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[to("billing")]], "billing": [[to(HUMAN)]]})

    cached, rebuilt = await both(house, "Hello")

    assert rebuilt == cached
    (note,) = [text for speaker, text, *_ in cached if speaker == "system"]
    assert [line.partition(":")[0] for line in note.split("\n")] == [
        "Reception handed over to billing",
        "Billing handed over to a person",
    ]


async def test_a_hand_over_of_which_the_caller_heard_no_word_is_noted_all_the_same(house: House) -> None:
    house.model = FakeLanguageModel({"reception": [[to("billing")]], "billing": ["Here it is."]})

    cached, rebuilt = await both(house, "Hello", channel=FakeVoiceChannel(heard_chunks=0), kind=MessageKind.SPEECH)

    assert rebuilt == cached
    assert [speaker for speaker, *_ in cached] == ["user", "system"]


@pytest.mark.requirement("11.5")
async def test_a_long_conversation_is_cut_at_the_same_turn(house: House) -> None:
    script: list[Any] = [[to("billing")], *["Yes."] * 3] * 8
    house.model = FakeLanguageModel({"reception": script, "billing": ["Sure.", [to("reception")]] * 30})

    cached, rebuilt = await both(house, *(f"Question {number}" for number in range(25)))

    assert len(cached) == 40
    assert rebuilt == cached


async def test_what_a_person_typed_on_the_phone_of_the_business_is_a_persons_turn(house: House) -> None:
    await both(house, "Hello")

    cached, rebuilt = await both(house, "We are open.", kind=MessageKind.ECHO)

    assert rebuilt == cached
    assert cached[-1] == ("human", "We are open.", None, False)
