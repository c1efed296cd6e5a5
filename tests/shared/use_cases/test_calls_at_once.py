"""Many calls of one user at the same moment, with signed webhooks and the real cache."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.adapters.redis.counters import RedisBlocklist, RedisConnectionCounter, RedisRateCounter
from shared.adapters.redis.tickets import RedisStreamTickets
from shared.adapters.twilio.signature import TwilioSignature
from shared.adapters.twilio.voice import TwilioVoice
from shared.http_contract import HTTPRequest
from shared.use_cases.answer_call import TOO_MANY_CALLS
from tests.fakes.clock import FrozenClock
from tests.provider_requests import AUTH_TOKEN, BASE_URL, twilio_post
from tests.shared.use_cases.switchboard import CALLER, Switchboard

pytestmark = pytest.mark.integration
CALLS = [f"CA{number:032}" for number in range(50)]


@pytest.fixture
def board(clock: FrozenClock, cache: Any) -> Switchboard:
    board = Switchboard(clock)
    board.requests_per_minute = 100
    board.blocklist, board.rates = RedisBlocklist(cache), RedisRateCounter(cache)
    board.slots, board.tickets = RedisConnectionCounter(cache), RedisStreamTickets(cache)
    board.telephony = TwilioVoice(
        signature=TwilioSignature(auth_tokens=[lambda: AUTH_TOKEN], public_base_url=BASE_URL),
        public_base_url=BASE_URL,
        media_base_url="wss://vaani.example",
        open_client=lambda: pytest.fail("nothing is asked of Twilio"),
    )
    return board


def signed(topic: str, call_sid: str, status: str) -> HTTPRequest:
    form = {
        "CallSid": call_sid, "From": f"+{CALLER}", "To": "+918000000000", "Direction": "inbound", "CallStatus": status,
    }  # fmt: skip
    return twilio_post(f"/webhooks/voice/{topic}", form)


async def ring_at_once(board: Switchboard) -> tuple[list[str], list[str]]:
    """Fifty calls; the sids that got a stream, and what all others heard."""
    answers = await asyncio.gather(*(board.answer_call(signed("incoming", sid, "ringing")) for sid in CALLS))
    connected = [sid for sid, answer in zip(CALLS, answers, strict=True) if "<Stream " in answer.body]
    return connected, [answer.body for answer in answers if "<Stream " not in answer.body]


@pytest.mark.requirement("12.3")
async def test_of_fifty_calls_at_once_three_get_a_stream_and_the_others_are_told(board: Switchboard) -> None:
    connected, refused = await ring_at_once(board)

    assert len(connected) == 3
    assert len(refused) == 47
    assert all(TOO_MANY_CALLS in body and "<Hangup" in body for body in refused)


@pytest.mark.requirement("12.3")
async def test_when_calls_end_as_many_others_may_come_however_often_the_end_is_told(board: Switchboard) -> None:
    connected, _ = await ring_at_once(board)
    ends = [board.follow_call(signed("status", sid, "completed")) for sid in connected[:2] * 3]
    await asyncio.gather(*ends)

    again, _ = await ring_at_once(board)

    # The call that goes on keeps its slot when its webhook is sent again.
    assert len(again) == 3
    assert connected[2] in again


async def test_a_call_that_loses_its_stream_as_it_ends_holds_no_slot_afterwards(board: Switchboard) -> None:
    connected, _ = await ring_at_once(board)

    for sid in connected:
        recoveries = [board.follow_call(signed("recover", sid, "in-progress")) for _ in range(3)]
        await asyncio.gather(*recoveries)
        await board.follow_call(signed("status", sid, "completed"))
        await board.follow_call(signed("recover", sid, "in-progress"))

    held = [await board.slots.holds(CALLER, sid) for sid in CALLS]
    assert not any(held)
