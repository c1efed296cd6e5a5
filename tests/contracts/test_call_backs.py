"""What every CallBacks promises."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.postgres.call_backs import PostgresCallBacks
from shared.domain.call_back import CallBack, CallBackState, WhoRings
from shared.domain.conversation import ConversationKey, Speaker
from shared.errors import InvalidRequest, NotFound, VersionConflict
from shared.ports.call_backs import CallBacks
from tests.contracts.conftest import Records
from tests.fakes.call_backs import FakeCallBacks
from tests.fakes.history_store import FakeHistoryStore
from tests.samples import a_message

ASHA = "919800000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The promises beside the history of the conversations that they were made in."""

    records: Records
    call_backs: CallBacks

    async def promise(self, *, minutes: int = -1, **given: Any) -> CallBack:
        """A promise that was due a minute ago, made in a conversation of WhatsApp."""
        claim = await self.records.history.claim(a_message(user_id=ASHA), lease_seconds=30)
        assert claim is not None
        values: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "conversation_id": claim.conversation_id,
            "wanted": WhoRings.AGENT,
            "agent_id": "reception",
            "phone_number": ASHA,
            "about": "The bill.",
            "due_at": self.records.now + timedelta(minutes=minutes),
        }
        return await self.call_backs.promise(CallBack(**{**values, **given}))

    async def next(self, *, retry_seconds: int = 300) -> CallBack | None:
        return await self.call_backs.set_to_next(retry_seconds=retry_seconds)

    async def all(self, **given: Any) -> tuple[CallBack, ...]:
        wanted: dict[str, Any] = {"state": None, "wanted": None, "cursor": None, "limit": 100}
        return (await self.call_backs.page(**{**wanted, **given})).items


@pytest.fixture
def desk(records: Records, request: pytest.FixtureRequest) -> Desk:
    call_backs: CallBacks
    if isinstance(records.history, FakeHistoryStore):
        call_backs = FakeCallBacks(records.history.rows)
    else:
        call_backs = PostgresCallBacks(request.getfixturevalue("database"))
    return Desk(records=records, call_backs=call_backs)


async def test_a_promise_made_twice_is_kept_once_as_it_was_made_first(desk: Desk) -> None:
    first = await desk.promise()

    again = await desk.call_backs.promise(replace(first, about="Something else."))

    assert again == first
    assert await desk.all() == (first,)


async def test_what_is_due_is_set_to_once_and_counted(desk: Desk) -> None:
    promised = await desk.promise()

    taken, nothing = await desk.next(), await desk.next()

    assert taken == replace(promised, state=CallBackState.RINGING, attempts=1)
    assert nothing is None


async def test_what_is_not_due_or_wants_a_person_is_left_alone(desk: Desk) -> None:
    await desk.promise(minutes=10)
    await desk.promise(wanted=WhoRings.PERSON)

    assert await desk.next() is None


async def test_the_longest_waiting_comes_first(desk: Desk) -> None:
    await desk.promise(minutes=-1, about="later")
    await desk.promise(minutes=-9, about="earlier")

    taken = [await desk.next(), await desk.next()]

    assert [call_back.about for call_back in taken if call_back] == ["earlier", "later"]


async def test_many_workers_never_set_to_the_same_promise(desk: Desk) -> None:
    promised = [await desk.promise() for _ in range(6)]

    taken = await asyncio.gather(*(desk.next() for _ in range(8)))

    assert sorted(found.id for found in taken if found) == sorted(call_back.id for call_back in promised)


async def test_a_promise_left_unsettled_is_due_again_and_its_first_worker_is_refused(desk: Desk) -> None:
    await desk.promise()
    first = await desk.next()
    assert first is not None

    second = await desk.next(retry_seconds=0)

    assert second is not None
    assert second.attempts == 2
    assert not await desk.call_backs.note_call(first, "CA1")
    assert not await desk.call_backs.settle(first, CallBackState.DONE)
    assert await desk.call_backs.note_call(second, "CA2")
    assert await desk.call_backs.settle(second, CallBackState.DONE)
    assert [(kept.state, kept.call_sid) for kept in await desk.all()] == [(CallBackState.DONE, "CA2")]


async def test_what_is_settled_is_not_set_to_again(desk: Desk) -> None:
    await desk.promise()
    taken = await desk.next()
    assert taken is not None

    await desk.call_backs.settle(taken, CallBackState.FAILED)

    assert await desk.next(retry_seconds=0) is None


async def test_pending_counts_the_calls_of_agents_that_a_number_waits_for(desk: Desk) -> None:
    await desk.promise(minutes=10)
    await desk.promise()
    this = await desk.promise()
    await desk.promise(wanted=WhoRings.PERSON)
    await desk.promise(phone_number="919800000002")
    done = await desk.promise()
    await desk.call_backs.strike(done.id, CallBackState.DONE)

    assert await desk.call_backs.pending(ASHA, besides=this.id) == 2


async def test_it_is_known_where_a_promise_was_made(desk: Desk) -> None:
    promised = await desk.promise()

    assert await desk.call_backs.promised_in(promised) == ConversationKey(channel="whatsapp", user_id=ASHA)
    with pytest.raises(NotFound):
        await desk.call_backs.promised_in(replace(promised, conversation_id=str(uuid.uuid4())))


async def test_the_note_is_a_turn_of_the_conversation_by_telephone_once(desk: Desk) -> None:
    promised = await desk.promise()

    key = await desk.call_backs.note_about(promised, "It is about the bill.")
    await desk.call_backs.note_about(promised, "It is about the bill.")

    assert key == ConversationKey(channel="voice", user_id=ASHA)
    conversation = await desk.records.history.load_conversation(key)
    assert conversation is not None
    assert [(turn.speaker, turn.text) for turn in conversation.turns] == [(Speaker.SYSTEM, "It is about the bill.")]


async def test_a_struck_promise_is_not_kept_and_striking_it_again_changes_nothing(desk: Desk) -> None:
    promised = await desk.promise()

    struck = await desk.call_backs.strike(promised.id, CallBackState.CANCELLED)
    again = await desk.call_backs.strike(promised.id, CallBackState.CANCELLED)

    assert struck == again == replace(promised, state=CallBackState.CANCELLED)
    assert await desk.next() is None


async def test_a_promise_that_is_rung_now_can_be_struck_and_stays_so(desk: Desk) -> None:
    await desk.promise()
    taken = await desk.next()
    assert taken is not None

    await desk.call_backs.strike(taken.id, CallBackState.CANCELLED)

    assert not await desk.call_backs.settle(taken, CallBackState.DONE)
    assert [kept.state for kept in await desk.all()] == [CallBackState.CANCELLED]


async def test_what_is_over_or_unknown_cannot_be_struck(desk: Desk) -> None:
    promised = await desk.promise()
    await desk.call_backs.strike(promised.id, CallBackState.DONE)

    with pytest.raises(VersionConflict):
        await desk.call_backs.strike(promised.id, CallBackState.CANCELLED)
    with pytest.raises(NotFound):
        await desk.call_backs.strike(str(uuid.uuid4()), CallBackState.CANCELLED)
    with pytest.raises(NotFound):
        await desk.call_backs.strike("no-id", CallBackState.CANCELLED)


async def test_pages_show_the_latest_first_and_only_what_is_wanted(desk: Desk) -> None:
    for minutes in (5, 6, 7):
        await desk.promise(minutes=minutes, about=str(minutes))
    await desk.promise(minutes=8, about="person", wanted=WhoRings.PERSON)
    await desk.promise(minutes=-1, about="rung")
    await desk.next()

    first = await desk.call_backs.page(state=CallBackState.DUE, wanted=WhoRings.AGENT, cursor=None, limit=2)
    rest = await desk.call_backs.page(state=CallBackState.DUE, wanted=WhoRings.AGENT, cursor=first.next_cursor, limit=2)

    assert [kept.about for kept in (*first.items, *rest.items)] == ["7", "6", "5"]
    assert rest.next_cursor is None
    assert [kept.about for kept in await desk.all()] == ["person", "7", "6", "5", "rung"]


async def test_a_cursor_of_somebody_else_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidRequest):
        await desk.all(cursor="!")
