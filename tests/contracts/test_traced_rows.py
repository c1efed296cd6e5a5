"""What every store promises about traces: whoever reads a turn or a call finds the trace that it came about in."""

from __future__ import annotations

from datetime import timedelta

from shared import tracing
from shared.domain.conversation import Speaker
from shared.domain.message import Delivery
from shared.domain.reply import ReplyDraft
from shared.ports.stores import CallTurn
from tests.contracts.conftest import Records
from tests.samples import a_message, a_ticket
from tests.traces import traced

DRAFT = ReplyDraft(text="At nine", agent_id="reception")


async def trace_ids(records: Records, conversation_id: str) -> list[str | None]:
    """Of the turns of a conversation, in their order."""
    page = await records.reader.messages(conversation_id, cursor=None, limit=10)
    return [message.trace_id for message in page.items]


async def test_a_message_and_its_reply_name_the_trace_in_which_they_were_dealt_with(records: Records) -> None:
    with traced(), tracing.span("process_message") as span:
        claim = await records.history.claim(a_message(sent_at=records.now), lease_seconds=30)
        assert claim is not None
        await records.history.complete(
            claim, ReplyDraft(text="At nine", agent_id="reception"), Delivery(text="At nine")
        )

    assert len(span.trace_id) == 32
    assert await trace_ids(records, claim.conversation_id) == [span.trace_id] * 2


async def test_a_message_that_a_later_trace_answers_keeps_its_own(records: Records) -> None:
    message = a_message(sent_at=records.now)
    with traced():
        with tracing.span("process_message") as first:
            claim = await records.history.claim(message, lease_seconds=30)
            assert claim is not None
            await records.history.release(claim)
        with tracing.span("process_message") as second:
            claim = await records.history.claim(message, lease_seconds=30)
            assert claim is not None
            await records.history.complete(claim, DRAFT, Delivery(text="At nine"))

    assert await trace_ids(records, claim.conversation_id) == [first.trace_id, second.trace_id]


async def test_a_call_and_what_is_said_in_it_name_its_trace(records: Records) -> None:
    with traced(), tracing.span("call") as span:
        call = await records.calls.open(a_ticket(), started_at=records.now)
        await records.calls.add_turn(
            CallTurn(
                call_sid=call.call_sid,
                conversation_id=call.conversation_id,
                position="CA0001:1",
                speaker=Speaker.AGENT,
                text="Good morning",
                at=records.now,
                start_ms=0,
                end_ms=900,
            )
        )

    assert (await records.reader.call(call.call_sid)).trace_id == span.trace_id
    assert await trace_ids(records, call.conversation_id) == [span.trace_id]


async def test_a_call_that_came_back_keeps_the_trace_of_its_first_stream(records: Records) -> None:
    with traced():
        with tracing.span("call") as first:
            await records.calls.open(a_ticket(), started_at=records.now)
        with tracing.span("call"):
            await records.calls.close("CA0001", ended_at=records.now, reason="stream_lost", has_failed=True)
            again = await records.calls.open(a_ticket(resumes=True), started_at=records.now + timedelta(seconds=3))

    assert again.trace_id == first.trace_id


async def test_where_nothing_is_traced_no_trace_is_named(records: Records) -> None:
    call = await records.calls.open(a_ticket(), started_at=records.now)
    claim = await records.history.claim(a_message(sent_at=records.now), lease_seconds=30)

    assert claim is not None
    assert call.trace_id is None
    assert await trace_ids(records, claim.conversation_id) == [None]
