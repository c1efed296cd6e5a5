"""Nobody is rung twice for one request, nor beyond the limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.domain.call import CallDirection, CallState
from shared.errors import (
    AlreadyClaimed,
    InvalidContent,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    StoreUnavailable,
)
from shared.use_cases.admit_outbound_call import LONGEST_WAIT_SECONDS, AdmitOutboundCall, CallLimits
from shared.use_cases.place_call import UNKNOWN_FOR_SECONDS, PlaceCall
from tests.fakes.call_store import FakeCallStore
from tests.fakes.clock import FrozenClock
from tests.fakes.counters import FakeConnectionCounter, FakeRateCounter
from tests.fakes.faults import Down
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.request_keys import FakeRequestKeys
from tests.fakes.voicemail import FakeVoicemailMessages

ASHA = "919800000001"
DOWN = StoreUnavailable("The cache gave no answer.")


class FakeDialler:
    """Implements `Dialler`; whom it rang lies in `rung`."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []
        self.awaits_beep = False
        self.error: Exception | None = None

    async def place_call(
        self,
        user_id: str,
        business_id: str,
        *,
        ring_seconds: int,
        longest_seconds: int,
        awaits_beep: bool = False,
    ) -> str:
        """See `Dialler.place_call`."""
        assert 0 < ring_seconds < longest_seconds
        self.awaits_beep = awaits_beep
        if self.error is not None:
            raise self.error
        self.rung.append((user_id, business_id))
        return f"CA{len(self.rung)}"


class Exchange:
    """Everything that placing a call needs."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.rows = MemoryRows(clock)
        self.dialler = FakeDialler()
        self.keys: Any = FakeRequestKeys(clock)
        self.rates: Any = FakeRateCounter(clock)
        self.slots: Any = FakeConnectionCounter(clock)
        self.calls: Any = FakeCallStore(self.rows)
        self.voicemail: Any = FakeVoicemailMessages(self.rows)
        self.business_number = "+918000000000"
        self.calls_per_second = 100
        self.slept_seconds = 0.0
        self.sleep: Callable[[float], Awaitable[None]] = self._pass_time
        self.requests_per_minute = 100

    async def place(self, key: str = "key-1", **given: str) -> str:
        """Place a call to Asha; its sid."""
        limits = CallLimits(
            calls_per_user=3,
            requests_per_minute=self.requests_per_minute,
            call_limit_seconds=1800,
            calls_per_second=self.calls_per_second,
        )
        place_call = PlaceCall(
            self.dialler,
            self.calls,
            self.voicemail,
            self.keys,
            AdmitOutboundCall(self.rates, self.slots, limits=limits, sleep=self.sleep),
            self.clock,
            business_number=self.business_number,
        )
        return (await place_call(ASHA, idempotency_key=key, **given)).call_sid

    async def _pass_time(self, seconds: float) -> None:
        self.slept_seconds += seconds
        self.clock.advance(seconds=seconds)


@pytest.fixture
def exchange(clock: FrozenClock) -> Exchange:
    return Exchange(clock)


async def test_a_placed_call_rings_and_is_kept_as_ours(exchange: Exchange) -> None:
    call_sid = await exchange.place()

    call = exchange.rows.calls[call_sid]
    assert exchange.dialler.rung == [(ASHA, "918000000000")]
    assert (call.direction, call.state, call.caller_id, call.business_id) == (
        CallDirection.OUTBOUND,
        CallState.RINGING,
        ASHA,
        "918000000000",
    )


async def test_the_same_key_rings_once(exchange: Exchange) -> None:
    first, again = await exchange.place(), await exchange.place()

    assert first == again
    assert len(exchange.dialler.rung) == 1


async def test_a_call_that_was_placed_and_not_kept_is_kept_by_the_next_request(exchange: Exchange) -> None:
    working, exchange.calls = exchange.calls, Down(StoreUnavailable("The database gave no answer."))
    with pytest.raises(StoreUnavailable):
        await exchange.place()
    exchange.calls = working

    await exchange.place()

    assert list(exchange.rows.calls) == ["CA1"]
    assert len(exchange.dialler.rung) == 1


async def test_no_more_calls_at_once_than_a_user_may_have(exchange: Exchange) -> None:
    for number in range(3):
        await exchange.place(f"key-{number}")

    with pytest.raises(RateLimited):
        await exchange.place("key-3")

    assert len(exchange.dialler.rung) == 3


async def test_a_call_holds_one_slot_under_its_own_name(exchange: Exchange) -> None:
    call_sid = await exchange.place()

    assert list(exchange.slots.taken[ASHA]) == [call_sid]


@pytest.mark.requirement("12.5")
async def test_no_more_calls_in_a_minute_than_allowed_and_a_violation_is_logged(
    exchange: Exchange, capsys: pytest.CaptureFixture[str]
) -> None:
    exchange.requests_per_minute = 1
    await exchange.place("key-1")

    with pytest.raises(RateLimited) as refused:
        await exchange.place("key-2")

    assert refused.value.retry_after_seconds == 60
    logged = capsys.readouterr().out
    assert '"violation":"outbound_calls_per_minute"' in logged
    assert ASHA not in logged


async def test_a_number_that_cannot_be_rung_leaves_slot_and_key_free(exchange: Exchange) -> None:
    exchange.dialler.error = ProviderRejected("Twilio refused the request.", provider_code="21211")
    with pytest.raises(ProviderRejected):
        await exchange.place()
    exchange.dialler.error = None

    await exchange.place()

    assert list(exchange.slots.taken[ASHA]) == ["CA1"]


async def test_when_it_is_not_known_whether_the_phone_rang_nobody_rings_again_for_a_while(exchange: Exchange) -> None:
    exchange.dialler.error = ProviderUnavailable("The provider did not answer.")
    with pytest.raises(ProviderUnavailable):
        await exchange.place()
    exchange.dialler.error = None

    with pytest.raises(AlreadyClaimed):
        await exchange.place()

    exchange.clock.advance(seconds=UNKNOWN_FOR_SECONDS)
    assert await exchange.place() == "CA1"


def _without_keys(exchange: Exchange) -> None:
    exchange.keys = Down(DOWN)


def _without_slots(exchange: Exchange) -> None:
    exchange.slots = Down(DOWN)


@pytest.mark.parametrize("break_it", [_without_keys, _without_slots])
async def test_without_knowledge_of_limits_or_keys_nobody_is_rung(
    exchange: Exchange, break_it: Callable[[Exchange], None]
) -> None:
    break_it(exchange)

    with pytest.raises(StoreUnavailable):
        await exchange.place()

    assert exchange.dialler.rung == []


async def test_an_outage_before_the_phone_rang_can_be_tried_again_at_once(exchange: Exchange) -> None:
    working, exchange.slots = exchange.slots, Down(DOWN)
    with pytest.raises(StoreUnavailable):
        await exchange.place()
    exchange.slots = working

    assert await exchange.place() == "CA1"


async def test_a_lost_rate_counter_does_not_keep_anybody_from_calling(exchange: Exchange) -> None:
    exchange.rates = Down(DOWN)

    assert await exchange.place() == "CA1"


async def test_somebody_has_to_say_which_number_the_call_comes_from(exchange: Exchange) -> None:
    exchange.business_number = ""

    with pytest.raises(InvalidContent):
        await exchange.place()

    assert await exchange.place(business_id="918000000009") == "CA1"


async def test_two_calls_in_a_second_leave_one_after_the_other(exchange: Exchange) -> None:
    exchange.calls_per_second = 1
    await exchange.place("key-1")

    await exchange.place("key-2")

    assert exchange.slept_seconds == 1
    assert len(exchange.dialler.rung) == 2


async def test_who_has_waited_long_enough_is_told_when_to_come_back(exchange: Exchange) -> None:
    exchange.calls_per_second = 1

    async def busy(seconds: float) -> None:
        exchange.clock.advance(seconds=seconds)
        exchange.slept_seconds += seconds
        await exchange.rates.hit("outbound-calls", window_seconds=1)  # Somebody else was faster.

    exchange.sleep = busy
    await exchange.place("key-1")

    with pytest.raises(RateLimited) as refused:
        await exchange.place("key-2")

    assert refused.value.retry_after_seconds == 1
    assert exchange.slept_seconds == LONGEST_WAIT_SECONDS
    assert len(exchange.dialler.rung) == 1
    assert list(exchange.slots.taken[ASHA]) == ["CA1"]


async def test_a_call_that_had_to_be_refused_may_be_tried_again_under_its_key(exchange: Exchange) -> None:
    exchange.calls_per_second = 1
    await exchange.rates.hit("outbound-calls", window_seconds=1)

    async def still_busy(_: float) -> None:
        return

    patient, exchange.sleep = exchange.sleep, still_busy
    with pytest.raises(RateLimited):
        await exchange.place()
    exchange.sleep = patient

    assert await exchange.place() == "CA1"


async def test_what_a_machine_shall_be_told_is_kept_with_the_call_and_waits_for_the_beep(exchange: Exchange) -> None:
    call_sid = await exchange.place(voicemail_message="Please call us back.")

    assert await exchange.voicemail.find(call_sid) == "Please call us back."
    assert exchange.dialler.awaits_beep


async def test_without_a_message_a_machine_is_reported_at_once(exchange: Exchange) -> None:
    call_sid = await exchange.place()

    assert await exchange.voicemail.find(call_sid) is None
    assert not exchange.dialler.awaits_beep


async def test_a_message_that_was_not_kept_is_kept_by_the_next_request_with_the_key(exchange: Exchange) -> None:
    working, exchange.voicemail = exchange.voicemail, Down(StoreUnavailable("The database gave no answer."))
    with pytest.raises(StoreUnavailable):
        await exchange.place(voicemail_message="Please call us back.")
    exchange.voicemail = working

    call_sid = await exchange.place(voicemail_message="Please call us back.")

    assert await exchange.voicemail.find(call_sid) == "Please call us back."
    assert len(exchange.dialler.rung) == 1
