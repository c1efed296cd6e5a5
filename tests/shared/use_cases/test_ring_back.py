"""Promised calls are placed in time, to people who still want them, by an agent who knows what they are about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.call import CallState
from shared.domain.call_back import RETRY_SECONDS, CallBack, CallBackState, WhoRings
from shared.domain.conversation import Conversation, ConversationKey
from shared.errors import ProviderRejected, ProviderUnavailable, StoreUnavailable
from shared.use_cases.admit_outbound_call import AdmitOutboundCall, CallLimits
from shared.use_cases.place_call import PlaceCall
from shared.use_cases.ring_back import MOST_AT_ONCE, RingBack, RingBackReport
from tests.fakes.call_backs import FakeCallBacks
from tests.fakes.clock import FrozenClock
from tests.fakes.consent import FakeConsentStore
from tests.fakes.faults import Down
from tests.fakes.memory_history_reader import MemoryHistoryReader
from tests.fakes.stores import FakeActiveAgentStore, FakeContextStore
from tests.shared.use_cases.test_place_call import ASHA, Exchange

BY_PHONE = ConversationKey(channel="voice", user_id=ASHA)
WRITTEN = ConversationKey(channel="whatsapp", user_id=ASHA)
NOTHING = RingBackReport()


class Desk:
    """Everything around the promises."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.exchange = Exchange(clock)
        self.rows = self.exchange.rows
        self.call_backs: Any = FakeCallBacks(self.rows)
        self.contexts: Any = FakeContextStore(clock)
        self.active: Any = FakeActiveAgentStore(clock)
        self.consent: Any = FakeConsentStore(self.rows)

    async def promise(self, **given: Any) -> CallBack:
        """A promise to Asha that is due now, made in a chat."""
        values: dict[str, Any] = {
            "id": "promise-1",
            "conversation_id": self.rows.find_or_open(WRITTEN, self.clock()).id,
            "wanted": WhoRings.AGENT,
            "agent_id": "billing",
            "phone_number": ASHA,
            "about": "The bill.",
            "due_at": self.clock(),
        }
        promised: CallBack = await self.call_backs.promise(CallBack(**{**values, **given}))
        return promised

    async def run(self) -> RingBackReport:
        """One run of the job."""
        exchange = self.exchange
        limits = CallLimits(calls_per_user=30, requests_per_minute=100, call_limit_seconds=1800, calls_per_second=100)
        place_call = PlaceCall(
            exchange.dialler,
            exchange.calls,
            exchange.voicemail,
            exchange.keys,
            AdmitOutboundCall(exchange.rates, exchange.slots, limits=limits, sleep=exchange.sleep),
            self.clock,
            business_number=exchange.business_number,
        )
        reader = MemoryHistoryReader(self.rows)
        ring_back = RingBack(self.call_backs, reader, self.contexts, self.active, self.consent, place_call, self.clock)
        return await ring_back()

    def end_call(self, call_sid: str, *, reason: str, was_answered: bool) -> None:
        """The call is over."""
        call = self.rows.calls[call_sid]
        answered_at = self.clock() if was_answered else None
        self.rows.calls[call_sid] = replace(call, state=CallState.ENDED, end_reason=reason, answered_at=answered_at)

    def wait(self) -> None:
        """Until it is time for another try."""
        self.clock.advance(seconds=RETRY_SECONDS + 1)

    @property
    def rung(self) -> int:
        """How often a telephone rang."""
        return len(self.exchange.dialler.rung)

    @property
    def states(self) -> list[CallBackState]:
        """What became of the promises."""
        return [kept.state for kept in self.call_backs.kept]


@pytest.fixture
def desk(clock: FrozenClock) -> Desk:
    return Desk(clock)


async def test_a_promise_is_kept_when_it_is_due_and_not_before(desk: Desk) -> None:
    await desk.promise(due_at=desk.clock() + timedelta(minutes=10))

    early = await desk.run()
    desk.clock.advance(seconds=601)
    in_time = await desk.run()
    again = await desk.run()

    assert [early, in_time, again] == [NOTHING, RingBackReport(rung=1), NOTHING]
    assert desk.exchange.dialler.rung == [(ASHA, "918000000000")]


async def test_the_agent_who_rings_knows_what_it_is_about(desk: Desk) -> None:
    await desk.contexts.save(Conversation(id="old", key=BY_PHONE))
    await desk.promise()

    await desk.run()

    conversation = desk.rows.latest_conversation(BY_PHONE)
    assert conversation is not None
    (note,) = desk.rows.turns(conversation.id)
    assert "The bill." in note.text
    assert desk.rows.calls["CA1"].conversation_id == conversation.id
    assert await desk.contexts.load(BY_PHONE) is None


async def test_the_agent_who_promised_it_rings(desk: Desk) -> None:
    await desk.promise(agent_id="billing")

    await desk.run()

    active = await desk.active.load(BY_PHONE)
    assert active.agent_id == "billing"


async def test_a_lost_cache_keeps_nobody_from_being_rung(desk: Desk) -> None:
    desk.contexts = Down(StoreUnavailable("down"))
    await desk.promise()

    assert await desk.run() == RingBackReport(rung=1)


async def test_whoever_was_talked_with_was_called_back(desk: Desk) -> None:
    await desk.promise()
    await desk.run()
    desk.end_call("CA1", reason="caller_hung_up", was_answered=True)

    desk.wait()
    report = await desk.run()

    assert report == RingBackReport(settled=1)
    assert (desk.states, desk.rung) == ([CallBackState.DONE], 1)


@pytest.mark.parametrize(("reason", "was_answered"), [("no-answer", False), ("busy", False), ("voicemail", True)])
async def test_three_calls_in_vain_are_enough(desk: Desk, reason: str, was_answered: bool) -> None:  # noqa: FBT001 - a parameter
    await desk.promise()

    for number in range(1, 6):
        await desk.run()
        if f"CA{number}" in desk.rows.calls:
            desk.end_call(f"CA{number}", reason=reason, was_answered=was_answered)
        desk.wait()

    assert (desk.states, desk.rung) == ([CallBackState.FAILED], 3)


async def test_a_run_that_died_after_the_telephone_rang_rings_no_second_one(desk: Desk) -> None:
    await desk.promise()

    class Lost(FakeCallBacks):
        async def note_call(self, call_back: CallBack, call_sid: str) -> bool:
            raise StoreUnavailable(call_sid)

    kept, desk.call_backs.__class__ = desk.call_backs.__class__, Lost
    with pytest.raises(StoreUnavailable):
        await desk.run()
    desk.call_backs.__class__ = kept
    desk.wait()
    await desk.run()

    assert desk.rung == 1
    assert [promised.call_sid for promised in desk.call_backs.kept] == ["CA1"]


@pytest.mark.parametrize("key", [BY_PHONE, WRITTEN])
async def test_who_asked_for_nothing_more_is_not_rung(desk: Desk, key: ConversationKey) -> None:
    await desk.promise()
    desk.rows.opted_out.add(key)

    await desk.run()

    assert (desk.states, desk.rung) == ([CallBackState.CANCELLED], 0)


async def test_nobody_is_rung_while_it_is_not_known_who_wants_it(desk: Desk) -> None:
    desk.consent = Down(StoreUnavailable("down"))
    await desk.promise()

    with pytest.raises(StoreUnavailable):
        await desk.run()

    assert desk.rung == 0


async def test_a_promise_to_somebody_who_was_erased_is_dropped(desk: Desk) -> None:
    await desk.promise(conversation_id="gone")

    await desk.run()

    assert (desk.states, desk.rung) == ([CallBackState.CANCELLED], 0)


async def test_a_number_that_the_provider_does_not_ring_is_given_up(desk: Desk) -> None:
    desk.exchange.dialler.error = ProviderRejected("No such number.", provider_code="21211")
    await desk.promise()

    await desk.run()

    assert desk.states == [CallBackState.FAILED]


async def test_a_provider_that_does_not_answer_costs_one_promise_one_try(desk: Desk) -> None:
    desk.exchange.dialler.error = ProviderUnavailable("down")
    await desk.promise(id="promise-1")
    await desk.promise(id="promise-2")

    report = await desk.run()

    assert report == RingBackReport(left=1)
    assert sorted(kept.attempts for kept in desk.call_backs.kept) == [0, 1]


async def test_what_the_provider_may_have_placed_is_tried_again_when_that_is_known(desk: Desk) -> None:
    desk.exchange.dialler.error = ProviderUnavailable("down")
    await desk.promise()
    await desk.run()
    desk.exchange.dialler.error = None

    for _ in range(2):
        desk.wait()
        await desk.run()

    assert (desk.rung, desk.states) == (1, [CallBackState.RINGING])


async def test_one_run_rings_only_so_many(desk: Desk) -> None:
    for number in range(MOST_AT_ONCE + 1):
        await desk.promise(id=f"promise-{number:03}", phone_number=f"9198000{number:05}")

    assert await desk.run() == RingBackReport(rung=MOST_AT_ONCE)
    assert await desk.run() == RingBackReport(rung=1)
