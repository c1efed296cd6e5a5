"""The running summary: kept up to date after the reply, never in its way, never with a gap."""

from __future__ import annotations

import asyncio

import pytest

from shared.domain.conversation import Conversation
from shared.domain.summary import SUMMARY_TOKENS, needs_folding
from shared.domain.tokens import estimate_tokens
from shared.errors import ModelUnavailable, StoreUnavailable
from tests.fakes.clock import FrozenClock
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.outbound_channel import FakeTextChannel
from tests.samples import NOON, a_message
from tests.shared.use_cases.house import House

LONG = "word " * 200
KEY = a_message().key


@pytest.fixture
def house(clock: FrozenClock) -> House:
    clock.now = NOON
    house = House(clock)
    house.model = FakeLanguageModel({"reception": [f"Answer. {LONG}"]})
    return house


async def say(house: House, *texts: str) -> Conversation:
    answers = [await house.answer(a_message(text=text), FakeTextChannel()) for text in texts]
    assert answers[-1] is not None
    return answers[-1].conversation


async def rebuilt(house: House) -> Conversation:
    await house.context.forget(KEY)
    conversation: Conversation | None = await house.history.load_conversation(KEY)
    assert conversation is not None
    return conversation


async def test_a_conversation_that_fits_is_left_alone(house: House) -> None:
    house.model = FakeLanguageModel()
    await say(house, "one", "two")

    assert house.summariser.asked == []
    assert "summaries.unsummarised" not in house.faults.calls


async def test_what_agents_are_shown_no_more_is_in_the_summary(house: House) -> None:
    texts = [f"{number} {LONG}" for number in range(12)]
    await say(house, *texts)

    conversation = await rebuilt(house)

    folded = [text for _, turns, _ in house.summariser.asked for text in turns]
    assert folded + [turn.text for turn in conversation.turns] == [row.text for row in house.rows.messages]
    assert conversation.summary == " ".join(f"{len(turns)} turns." for _, turns, _ in house.summariser.asked)
    assert not needs_folding(conversation)


@pytest.mark.requirement("11.5")
async def test_the_next_reply_sees_the_same_whether_or_not_the_cache_was_lost(house: House) -> None:
    await say(house, *(f"{number} {LONG}" for number in range(6)))

    kept = await house.recall(KEY, next(iter(house.rows.conversations)))

    assert kept.summary
    assert kept == await rebuilt(house)


async def test_the_next_prompt_holds_the_summary(house: House) -> None:
    await say(house, *(f"{number} {LONG}" for number in range(6)), "And now?")

    assert "<earlier>\n" in house.model.prompts[-1].system


async def test_short_turns_are_summarised_before_they_leave_the_context(house: House) -> None:
    house.model = FakeLanguageModel()
    await say(house, *(f"question {number}" for number in range(30)))

    conversation = await rebuilt(house)

    folded = sum(len(turns) for _, turns, _ in house.summariser.asked)
    assert folded > 0
    assert folded + len(conversation.turns) == 60


@pytest.mark.parametrize("failure", [ModelUnavailable("down"), StoreUnavailable("down"), TimeoutError()])
async def test_a_summary_that_fails_costs_no_reply_and_is_made_after_the_next(house: House, failure: Exception) -> None:
    house.summariser.failures = [failure]
    while not house.summariser.asked:
        await say(house, f"one {LONG}")

    assert (await rebuilt(house)).summary
    assert all(row.state in (None, "done") for row in house.rows.messages)


async def test_the_reply_is_sent_and_kept_before_anything_is_summarised(house: House) -> None:
    await say(house, *(f"{number} {LONG}" for number in range(4)))

    calls = house.faults.calls
    first = calls.index("summaries.unsummarised")
    assert "history.complete" in calls[:first]
    assert "history.claim" not in calls[first : calls.index("summaries.keep")]


async def test_of_two_that_summarise_at_once_one_is_kept(house: House) -> None:
    house.summariser.failures = [ModelUnavailable("later")] * 99
    conversation = await say(house, *(f"{number} {LONG}" for number in range(6)))
    house.summariser.failures = []
    fold = house.fold_past

    await asyncio.gather(fold(conversation), fold(conversation))

    kept = await rebuilt(house)
    assert kept.summary.count("turns.") == 1
    told = sum(len(turns) for _, turns, _ in house.summariser.asked[:1])
    assert told + len(kept.turns) == len(house.rows.messages)


async def test_a_summary_is_made_in_the_agents_language_and_bounded(house: House) -> None:
    class Chatty:
        async def summarise(self, _earlier: str, _turns: object, *, language: str) -> str:
            return f"{language}. " + "Too much is said here. " * 5000

    house.summariser = Chatty()
    await say(house, *(f"{number} {LONG}" for number in range(4)))

    summary = (await rebuilt(house)).summary
    assert summary.startswith("en-IN. ")
    assert summary.endswith("here.")
    assert estimate_tokens(summary) <= SUMMARY_TOKENS
