"""What every HistoryStore promises about messages that are answered together."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.message import Delivery, InboundMessage
from shared.domain.reply import ReplyDraft
from shared.errors import AlreadyClaimed, NotTogether
from shared.ports.stores import Claim
from tests.contracts.conftest import Records
from tests.samples import a_message

DRAFT = ReplyDraft(text="We open at nine.", agent_id="reception")
DELIVERY = Delivery(text="We open at nine.")


def a_thought(records: Records, *texts: str) -> list[InboundMessage]:
    """Messages of the same second."""
    return [a_message(text=text, sent_at=records.now) for text in texts]


async def take_together(records: Records, thought: list[InboundMessage], *, lease_seconds: int = 30) -> Claim:
    claim = await records.history.claim(thought[-1], lease_seconds=lease_seconds, earlier=thought[:-1])
    assert claim is not None
    return claim


async def texts(records: Records, claim: Claim) -> list[str]:
    page = await records.reader.messages(claim.conversation_id, cursor=None, limit=100)
    return [message.text for message in page.items]


async def test_messages_claimed_together_are_each_kept_in_their_order(records: Records) -> None:
    thought = a_thought(records, "Hello", "I have a question", "When do you open?")

    claim = await take_together(records, thought)

    assert claim.joined == ("Hello", "I have a question")
    assert await texts(records, claim) == ["Hello", "I have a question", "When do you open?"]


async def test_the_earlier_ones_are_dealt_with_and_only_the_last_is_answered(records: Records) -> None:
    thought = a_thought(records, "Hello", "When do you open?")
    claim = await take_together(records, thought)

    await records.history.complete(claim, DRAFT, DELIVERY)

    assert [await records.history.claim(message, lease_seconds=30) for message in thought] == [None, None]
    assert await take_again(records, thought) is None
    assert await texts(records, claim) == ["Hello", "When do you open?", "We open at nine."]


async def take_again(records: Records, thought: list[InboundMessage]) -> Claim | None:
    return await records.history.claim(thought[-1], lease_seconds=30, earlier=thought[:-1])


async def test_who_takes_the_last_one_over_finds_the_earlier_words(records: Records) -> None:
    thought = a_thought(records, "Hello", "I have a question", "When do you open?")
    first = await take_together(records, thought, lease_seconds=0)

    alone = await records.history.claim(thought[-1], lease_seconds=0)
    together = await take_together(records, thought)

    assert alone is not None
    assert (first.joined, alone.joined) == (together.joined, together.joined)
    assert [claim.fence for claim in (first, alone, together)] == [1, 2, 3]
    assert len(await texts(records, together)) == 3


async def test_a_message_without_earlier_ones_has_no_words_joined(records: Records) -> None:
    claim = await records.history.claim(a_message(), lease_seconds=30)

    assert claim is not None
    assert claim.joined == ()


async def test_nothing_is_stored_when_one_of_them_was_claimed_before(records: Records) -> None:
    thought = a_thought(records, "Hello", "When do you open?")
    alone = await records.history.claim(thought[0], lease_seconds=30)

    with pytest.raises(NotTogether):
        await take_together(records, thought)

    assert alone is not None
    assert await texts(records, alone) == ["Hello"]


async def test_a_thought_that_grew_meanwhile_is_not_taken_as_a_whole(records: Records) -> None:
    thought = a_thought(records, "Hello", "When do you open?", "On Sunday?")
    claim = await take_together(records, thought[:2])

    with pytest.raises(NotTogether):
        await take_together(records, thought)

    assert len(await texts(records, claim)) == 2


async def test_a_last_one_that_was_answered_alone_takes_no_others_with_it(records: Records) -> None:
    thought = a_thought(records, "Hello", "When do you open?")
    claim = await records.history.claim(thought[-1], lease_seconds=30)
    assert claim is not None
    await records.history.complete(claim, DRAFT, DELIVERY)

    with pytest.raises(NotTogether):
        await take_together(records, thought)


async def test_only_one_of_several_workers_gets_them(records: Records) -> None:
    thought = a_thought(records, "Hello", "When do you open?")

    outcomes = await asyncio.gather(*(take_again(records, thought) for _ in range(4)), return_exceptions=True)

    assert sum(isinstance(outcome, Claim) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyClaimed) for outcome in outcomes) == 3


async def test_they_belong_to_one_conversation_even_where_a_day_ends_between_them(records: Records) -> None:
    before = await records.history.claim(
        a_message(sent_at=records.now - timedelta(hours=24, seconds=-5)), lease_seconds=30
    )
    assert before is not None
    thought = [
        replace(message, sent_at=records.now + timedelta(seconds=second))
        for message, second in zip(a_thought(records, "Hello", "When do you open?"), (0, 20), strict=True)
    ]

    claim = await take_together(records, thought)

    assert claim.conversation_id == before.conversation_id


async def test_whoever_comes_too_early_is_told_how_long_the_lease_still_runs(records: Records) -> None:
    message = a_message()
    await records.history.claim(message, lease_seconds=20)

    with pytest.raises(AlreadyClaimed) as refused:
        await records.history.claim(message, lease_seconds=300)

    assert refused.value.retry_after_seconds is not None
    assert 15 <= refused.value.retry_after_seconds <= 21
