"""Who may call, how many at once, and what the others hear."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shared import tracing
from shared.domain.call import CallDirection, StreamTicket
from shared.errors import SignatureInvalid, StoreUnavailable
from shared.use_cases.answer_call import NOT_NOW, TOKEN_TTL_SECONDS, TOO_MANY_CALLS, TOO_OFTEN
from tests.fakes.clock import FrozenClock
from tests.fakes.faults import Down
from tests.shared.use_cases.switchboard import CALLER, Switchboard, webhook
from tests.traces import traced

DOWN = Down(StoreUnavailable("no cache"))


@pytest.fixture
def board(clock: FrozenClock) -> Switchboard:
    return Switchboard(clock)


async def ring(board: Switchboard, call_sid: str = "CA1") -> str:
    return (await board.answer_call(webhook("incoming", call_sid))).body


async def test_a_call_is_connected_with_a_token_that_stands_for_it_once(board: Switchboard) -> None:
    verb, token = (await ring(board)).split()

    assert verb == "connect"
    ticket = await board.tickets.redeem(token)
    assert ticket.stream_id
    assert replace(ticket, stream_id="") == StreamTicket(
        call_sid="CA1",
        caller_id=CALLER,
        business_id="918000000000",
        slot="CA1",
        direction=CallDirection.INBOUND,
        resumes=False,
    )
    assert await board.tickets.redeem(token) is None


async def test_the_stream_goes_on_with_the_trace_of_the_call_without_showing_it_in_its_address(
    board: Switchboard,
) -> None:
    with traced(), tracing.span("POST /webhooks/voice/incoming", kind="server") as span:
        _, token = (await ring(board)).split()

    ticket = await board.tickets.redeem(token)
    assert ticket.trace == span.carrier()
    assert span.trace_id in ticket.trace["traceparent"]
    assert span.trace_id not in token


async def test_a_token_lasts_a_minute(board: Switchboard, clock: FrozenClock) -> None:
    _, token = (await ring(board)).split()
    clock.advance(seconds=TOKEN_TTL_SECONDS)

    assert await board.tickets.redeem(token) is None


@pytest.mark.requirement("12.3")
@pytest.mark.requirement("12.5")
async def test_three_calls_at_once_are_connected_and_the_fourth_is_refused_politely_and_logged(
    board: Switchboard, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [await ring(board, f"CA{number}") for number in range(1, 5)]

    assert [answer.split()[0] for answer in answers] == ["connect", "connect", "connect", "refuse"]
    assert answers[3] == f"refuse {TOO_MANY_CALLS}"
    assert board.taken_slots == {"CA1", "CA2", "CA3"}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    violation = next(line for line in lines if line.get("message") == "rate_limit_exceeded")
    assert violation["violation"] == "concurrent_calls"
    assert violation["user_hash"] != CALLER
    assert CALLER not in str(violation)


async def test_a_webhook_that_is_sent_again_keeps_its_one_slot(board: Switchboard) -> None:
    for _ in range(4):
        assert (await ring(board)).startswith("connect ")

    assert board.taken_slots == {"CA1"}


async def test_a_slot_outlives_the_longest_call_and_then_frees_itself(board: Switchboard, clock: FrozenClock) -> None:
    for number in range(3):
        await ring(board, f"CA{number}")
    clock.advance(seconds=1800)
    assert (await ring(board, "CA8")).startswith("refuse")

    clock.advance(seconds=120)

    assert (await ring(board, "CA9")).startswith("connect")


@pytest.mark.requirement("12.5")
async def test_who_calls_too_often_is_refused_politely_until_the_minute_is_over(
    board: Switchboard, clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(10):
        await ring(board)

    assert await ring(board) == f"refuse {TOO_OFTEN}"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    violation = next(line for line in lines if line.get("message") == "rate_limit_exceeded")
    assert (violation["violation"], violation["requests"], violation["limit"]) == ("calls_per_minute", 11, 10)
    assert violation["user_hash"]
    assert CALLER not in str(violation)
    clock.advance(seconds=60)
    assert (await ring(board)).startswith("connect")


async def test_a_lost_rate_counter_lets_calls_in_and_is_noticed(
    board: Switchboard, capsys: pytest.CaptureFixture[str]
) -> None:
    board.rates = DOWN

    assert (await ring(board)).startswith("connect")
    assert "counter_unavailable" in capsys.readouterr().out


async def test_without_the_counter_of_slots_the_caller_is_told_and_not_let_in(board: Switchboard) -> None:
    board.slots = DOWN

    assert await ring(board) == f"refuse {NOT_NOW}"


async def test_without_a_token_the_caller_is_told_and_the_slot_is_free_again(board: Switchboard) -> None:
    board.tickets = DOWN

    assert await ring(board) == f"refuse {NOT_NOW}"
    assert board.taken_slots == set()


async def test_an_unsigned_call_takes_no_slot(board: Switchboard) -> None:
    with pytest.raises(SignatureInvalid):
        await board.answer_call(webhook("incoming", password="wrong"))

    assert board.taken_slots == set()
