"""What every CallStore promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.call import CallDirection, CallState
from shared.domain.conversation import Speaker
from shared.ports.stores import CallTurn
from tests.contracts.conftest import Records
from tests.samples import a_message, a_ticket


async def test_a_call_is_opened_once(records: Records) -> None:
    ticket = a_ticket(direction=CallDirection.OUTBOUND)

    first = await records.calls.open(ticket, started_at=records.now)
    again = await records.calls.open(ticket, started_at=records.now + timedelta(seconds=5))

    assert again == first
    assert (first.state, first.direction, first.started_at) == (
        CallState.RINGING,
        CallDirection.OUTBOUND,
        records.now,
    )


async def test_a_caller_goes_on_with_the_conversation_of_today(records: Records) -> None:
    first = await records.calls.open(a_ticket(call_sid="CA1"), started_at=records.now - timedelta(hours=2))

    second = await records.calls.open(a_ticket(call_sid="CA2"), started_at=records.now)

    assert second.conversation_id == first.conversation_id


async def test_what_is_said_in_a_call_belongs_to_its_conversation(records: Records) -> None:
    call = await records.calls.open(a_ticket(), started_at=records.now)

    claim = await records.history.claim(
        a_message(channel="voice", user_id=call.caller_id, sent_at=records.now), lease_seconds=30
    )

    assert claim is not None
    assert claim.conversation_id == call.conversation_id


async def test_a_call_is_live_from_the_first_time_it_was_answered(records: Records) -> None:
    await records.calls.open(a_ticket(), started_at=records.now)

    await records.calls.answered("CA0001", at=records.now + timedelta(seconds=2))
    await records.calls.answered("CA0001", at=records.now + timedelta(seconds=9))

    call = await records.reader.call("CA0001")
    assert (call.state, call.answered_at) == (CallState.LIVE, records.now + timedelta(seconds=2))


@pytest.mark.requirement("2.4")
async def test_the_first_reason_of_an_end_stands(records: Records) -> None:
    await records.calls.open(a_ticket(), started_at=records.now)

    closed = await records.calls.close("CA0001", ended_at=records.now + timedelta(minutes=3), reason="hung_up")
    again = await records.calls.close("CA0001", ended_at=records.now, reason="stream_lost", has_failed=True)

    assert closed is not None
    assert (closed.state, closed.end_reason) == (CallState.ENDED, "hung_up")
    assert again == closed


async def test_a_call_may_end_in_failure(records: Records) -> None:
    await records.calls.open(a_ticket(), started_at=records.now)

    closed = await records.calls.close("CA0001", ended_at=records.now, reason="stream_lost", has_failed=True)

    assert closed is not None
    assert closed.state is CallState.FAILED


async def test_an_unknown_call_cannot_be_closed(records: Records) -> None:
    assert await records.calls.close("CA404", ended_at=records.now, reason="hung_up") is None


async def test_an_ended_call_is_not_answered(records: Records) -> None:
    await records.calls.open(a_ticket(), started_at=records.now)
    await records.calls.close("CA0001", ended_at=records.now, reason="hung_up")

    await records.calls.answered("CA0001", at=records.now)

    assert (await records.reader.call("CA0001")).state is CallState.ENDED


async def test_a_caller_who_comes_back_after_a_lost_stream_has_a_call_that_goes_on(records: Records) -> None:
    ticket = a_ticket()
    await records.calls.open(ticket, started_at=records.now)
    await records.calls.close("CA0001", ended_at=records.now, reason="stream_lost", has_failed=True)

    resumed = await records.calls.open(replace(ticket, resumes=True), started_at=records.now)

    assert (resumed.state, resumed.ended_at, resumed.end_reason) == (CallState.RINGING, None, None)


async def test_the_same_turn_is_kept_once(records: Records) -> None:
    call = await records.calls.open(a_ticket(), started_at=records.now)
    turn = CallTurn(
        call_sid="CA0001",
        conversation_id=call.conversation_id,
        position="greeting",
        speaker=Speaker.AGENT,
        text="Good morning",
        at=records.now,
        start_ms=0,
        end_ms=1200,
        agent_id="reception",
        interrupted=True,
    )

    await records.calls.add_turn(turn)
    await records.calls.add_turn(turn)
    await records.calls.add_turn(replace(turn, position="goodbye", text="Goodbye"))

    messages = (await records.reader.messages(call.conversation_id, cursor=None, limit=10)).items
    assert [(message.text, message.interrupted) for message in messages] == [("Good morning", True), ("Goodbye", True)]


@pytest.mark.requirement("2.5")
async def test_a_recording_is_linked_to_its_call(records: Records) -> None:
    await records.calls.open(a_ticket(), started_at=records.now)

    await records.calls.attach_recording("CA0001", key="recordings/a.wav", duration_ms=1000)
    await records.calls.attach_recording("CA0001", key="recordings/a.wav", duration_ms=2000)
    await records.calls.attach_recording("CA404", key="recordings/b.wav", duration_ms=1)

    call = await records.reader.call("CA0001")
    assert (call.recording_key, call.recording_ms) == ("recordings/a.wav", 2000)
