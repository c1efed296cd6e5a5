"""What every SummaryStore promises."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.summaries import PostgresSummaryStore
from shared.domain.message import Delivery
from shared.domain.reply import ReplyDraft
from shared.ports.stores import HistoryStore
from shared.ports.summaries import SummaryStore, Unsummarised
from tests.contracts.conftest import REAL
from tests.fakes.clock import FrozenClock
from tests.fakes.history_store import FakeHistoryStore
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.summaries import FakeSummaryStore
from tests.samples import a_message

KEY = a_message().key
UNKNOWN = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    summaries: SummaryStore
    history: HistoryStore

    async def say(self, text: str) -> str:
        """A question and its answer; the conversation's id."""
        claim = await self.history.claim(a_message(text=text), lease_seconds=30)
        assert claim is not None
        draft = ReplyDraft(text="Yes.", agent_id="desk")
        await self.history.complete(claim, draft, Delivery(text=f"Re: {text}"))
        return claim.conversation_id

    async def past(self, conversation_id: str, limit: int = 100) -> Unsummarised:
        found = await self.summaries.unsummarised(conversation_id, limit=limit)
        assert found is not None
        return found


@pytest.fixture(params=["fake", REAL])
def stores(request: pytest.FixtureRequest, clock: FrozenClock) -> Stores:
    if request.param == "fake":
        rows = MemoryRows(clock)
        return Stores(summaries=FakeSummaryStore(rows), history=FakeHistoryStore(rows))
    database = request.getfixturevalue("database")
    return Stores(summaries=PostgresSummaryStore(database), history=PostgresHistoryStore(database))


async def test_all_turns_of_a_conversation_without_a_summary_are_unsummarised(stores: Stores) -> None:
    conversation_id = await stores.say("one")
    await stores.say("two")

    past = await stores.past(conversation_id)

    assert (past.summary, past.until) == ("", 0)
    assert [one.turn.text for one in past.turns] == ["one", "Re: one", "two", "Re: two"]
    assert [one.arrival for one in past.turns] == sorted({one.arrival for one in past.turns})
    assert len((await stores.past(conversation_id, limit=3)).turns) == 3


@pytest.mark.requirement("11.5")
async def test_what_is_summarised_is_no_turn_any_more_and_both_come_back(stores: Stores) -> None:
    conversation_id = await stores.say("one")
    await stores.say("two")
    before = await stores.past(conversation_id)

    is_kept = await stores.summaries.keep(
        conversation_id, "They said one.", read_until=before.until, until=before.turns[1].arrival
    )

    past, recalled = await stores.past(conversation_id), await stores.history.load_conversation(KEY)
    assert is_kept
    assert (past.summary, past.until) == ("They said one.", before.turns[1].arrival)
    assert [one.turn.text for one in past.turns] == ["two", "Re: two"]
    assert recalled is not None
    assert (recalled.summary, [turn.text for turn in recalled.turns]) == ("They said one.", ["two", "Re: two"])


async def test_of_two_summaries_of_the_same_turns_the_first_stands(stores: Stores) -> None:
    conversation_id = await stores.say("one")
    past = await stores.past(conversation_id)
    until = past.turns[-1].arrival

    first = await stores.summaries.keep(conversation_id, "first", read_until=past.until, until=until)
    second = await stores.summaries.keep(conversation_id, "second", read_until=past.until, until=until)

    assert (first, second) == (True, False)
    assert (await stores.past(conversation_id)).summary == "first"


async def test_what_came_behind_a_question_that_is_being_answered_waits(stores: Stores) -> None:
    conversation_id = await stores.say("one")
    await stores.history.claim(a_message(text="open"), lease_seconds=30)
    await stores.say("two")

    past = await stores.past(conversation_id)

    assert [one.turn.text for one in past.turns] == ["one", "Re: one"]


@pytest.mark.parametrize("conversation_id", [UNKNOWN, "nonsense"])
async def test_an_unknown_conversation_has_no_past(stores: Stores, conversation_id: str) -> None:
    assert await stores.summaries.unsummarised(conversation_id, limit=10) is None
    assert not await stores.summaries.keep(conversation_id, "x", read_until=0, until=1)
