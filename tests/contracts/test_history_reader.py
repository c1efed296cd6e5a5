"""What every HistoryReader promises, told by what the stores wrote."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shared.domain.agent import RouteReason, RoutingDecision
from shared.domain.call import CallState
from shared.domain.conversation import ConversationStatus, Speaker
from shared.domain.json_value import JSON
from shared.domain.message import Delivery, MessageKind, Unanswered
from shared.domain.reply import ReplyDraft
from shared.errors import InvalidRequest, NotFound
from shared.ports.history import HistoryFilter
from shared.ports.stores import CallTurn
from tests.contracts.conftest import Records
from tests.samples import a_message, a_ticket

UNKNOWN_ID = "01a202f3-4171-728d-bfa0-7ee193eb6c7c"


async def exchange(records: Records, *, user: str, at: datetime, agent: str = "reception", text: str = "Hello") -> str:
    """A question and its answer; returns the conversation's id."""
    claim = await records.history.claim(
        a_message(user_id=user, sent_at=at, text=text, user_name=f"Name of {user}"), lease_seconds=30
    )
    assert claim is not None
    route = RoutingDecision(agent_id=agent, reason=RouteReason.MEANING, detail="0.61")
    draft = ReplyDraft(text="Good morning", agent_id=agent, route=route)
    await records.history.complete(claim, draft, Delivery(text="Good morning"))
    return claim.conversation_id


async def test_a_conversation_is_summed_up(records: Records) -> None:
    conversation_id = await exchange(records, user="asha", at=records.now)

    summary = await records.reader.conversation(conversation_id)

    assert (summary.channel, summary.user_id, summary.user_name) == ("whatsapp", "asha", "Name of asha")
    assert (summary.status, summary.agent_id) == (ConversationStatus.OPEN, "reception")
    assert (summary.started_at, summary.message_count) == (records.now, 2)
    assert summary.last_message_at >= records.now


async def test_the_latest_conversation_comes_first(records: Records) -> None:
    older = await exchange(records, user="asha", at=records.now + timedelta(hours=1))
    newer = await exchange(records, user="ravi", at=records.now + timedelta(hours=2))

    page = await records.reader.conversations(HistoryFilter(), cursor=None, limit=10)

    assert [item.id for item in page.items] == [newer, older]
    assert page.next_cursor is None


@pytest.mark.parametrize("kind", ["conversations", "messages", "calls"])
async def test_pages_follow_each_other_without_gap_or_repetition(records: Records, kind: str) -> None:
    same_time = records.now + timedelta(hours=1)
    conversation_id = ""
    for number in range(5):
        conversation_id = await exchange(records, user=f"user-{number}", at=same_time)
        await records.calls.open(a_ticket(call_sid=f"CA{number}", caller_id=f"c-{number}"), started_at=same_time)
    for _ in range(2):
        await exchange(records, user="user-4", at=same_time)

    seen: list[str] = []
    cursor: str | None = None
    while True:
        if kind == "conversations":
            page = await records.reader.conversations(HistoryFilter(channel="whatsapp"), cursor=cursor, limit=2)
            seen += [item.id for item in page.items]
            cursor = page.next_cursor
        elif kind == "messages":
            turns = await records.reader.messages(conversation_id, cursor=cursor, limit=2)
            seen += [item.id for item in turns.items]
            cursor = turns.next_cursor
        else:
            found = await records.reader.calls(HistoryFilter(), cursor=cursor, limit=2)
            seen += [item.call_sid for item in found.items]
            cursor = found.next_cursor
        if cursor is None:
            break

    assert len(seen) == (6 if kind == "messages" else 5)
    assert len(set(seen)) == len(seen)


@pytest.mark.requirement("10.4")
@pytest.mark.parametrize(
    "wanted",
    [
        {"user_id": "asha"},
        {"agent_id": "billing"},
        {"status": ConversationStatus.HUMAN},
        {"text": "refund"},
        {"channel": "whatsapp", "user_id": "asha", "agent_id": "billing", "text": "refund money"},
    ],
)
async def test_conversations_are_found_by_what_is_known_of_them(records: Records, wanted: dict[str, object]) -> None:
    expected = await exchange(
        records, user="asha", at=records.now, agent="billing", text="My refund, where is my money"
    )
    await records.history.set_status(expected, ConversationStatus.HUMAN, note="Wants a person.")
    await exchange(records, user="ravi", at=records.now, agent="reception", text="When do you open")

    page = await records.reader.conversations(HistoryFilter(**wanted), cursor=None, limit=10)  # type: ignore[arg-type]

    assert [item.id for item in page.items] == [expected]


async def test_the_period_includes_its_beginning_and_not_its_end(records: Records) -> None:
    times = [records.now + timedelta(hours=hours) for hours in (1, 2, 3)]
    ids = [await exchange(records, user=f"user-{at.hour}", at=at) for at in times]

    page = await records.reader.conversations(HistoryFilter(since=times[0], until=times[2]), cursor=None, limit=10)

    assert [item.id for item in page.items] == [ids[1], ids[0]]


async def test_nothing_matches_another_channel(records: Records) -> None:
    await exchange(records, user="asha", at=records.now)
    await records.calls.open(a_ticket(), started_at=records.now)

    found = await records.reader.conversations(HistoryFilter(channel="sms"), cursor=None, limit=10)
    calls = await records.reader.calls(HistoryFilter(channel="whatsapp"), cursor=None, limit=10)

    assert (found.items, calls.items) == ((), ())


async def test_words_of_any_language_are_found(records: Records) -> None:
    expected = await exchange(records, user="asha", at=records.now, text="मुझे रिफंड चाहिए")

    page = await records.reader.conversations(HistoryFilter(text="रिफंड"), cursor=None, limit=10)

    assert [item.id for item in page.items] == [expected]


@pytest.mark.parametrize("text", ["'", "\x00", '"unbalanced', "-", "a & | !", "(", "%", ""])
async def test_any_search_text_is_understood_as_words(records: Records, text: str) -> None:
    await exchange(records, user="asha", at=records.now)

    await records.reader.conversations(HistoryFilter(text=text, user_id="x\x00"), cursor=None, limit=10)


@pytest.mark.parametrize("conversation_id", ["nonsense", UNKNOWN_ID, ""])
async def test_an_unknown_conversation_is_not_found(records: Records, conversation_id: str) -> None:
    with pytest.raises(NotFound):
        await records.reader.conversation(conversation_id)
    with pytest.raises(NotFound):
        await records.reader.messages(conversation_id, cursor=None, limit=10)


@pytest.mark.parametrize("cursor", ["nonsense", "", "W10", "!!!", "x" * 400, "WyIyMDI2LTAxLTAxVDAwOjAwOjAwWiIsIm4iXQ"])
async def test_a_cursor_that_is_not_ours_is_refused(records: Records, cursor: str) -> None:
    conversation_id = await exchange(records, user="asha", at=records.now)

    with pytest.raises(InvalidRequest):
        await records.reader.conversations(HistoryFilter(), cursor=cursor, limit=10)
    with pytest.raises(InvalidRequest):
        await records.reader.messages(conversation_id, cursor=cursor, limit=10)


async def test_a_page_holds_a_hundred_items_at_most(records: Records) -> None:
    for number in range(102):
        await records.calls.open(a_ticket(call_sid=f"CA{number:03}"), started_at=records.now)

    page = await records.reader.calls(HistoryFilter(), cursor=None, limit=1000)

    assert len(page.items) == 100
    assert page.next_cursor is not None


async def test_an_unknown_call_is_not_found(records: Records) -> None:
    with pytest.raises(NotFound):
        await records.reader.call("CA404")


async def test_calls_are_found_by_caller_agent_words_and_status(records: Records) -> None:
    call = await records.calls.open(a_ticket(call_sid="CA1", caller_id="asha"), started_at=records.now)
    await records.calls.open(a_ticket(call_sid="CA2", caller_id="ravi"), started_at=records.now)
    await records.calls.add_turn(
        CallTurn(
            call_sid="CA1",
            conversation_id=call.conversation_id,
            position="greeting",
            speaker=Speaker.AGENT,
            text="Welcome to billing",
            at=records.now,
            start_ms=0,
            end_ms=900,
            agent_id="billing",
        )
    )
    await records.history.set_status(call.conversation_id, ConversationStatus.HUMAN, note="Wants a person.")

    for wanted in (
        HistoryFilter(user_id="asha"),
        HistoryFilter(agent_id="billing"),
        HistoryFilter(text="welcome"),
        HistoryFilter(status=ConversationStatus.HUMAN),
        HistoryFilter(channel="voice", user_id="asha", since=records.now, until=records.now + timedelta(seconds=1)),
    ):
        page = await records.reader.calls(wanted, cursor=None, limit=10)
        assert [item.call_sid for item in page.items] == ["CA1"], wanted


@pytest.mark.requirement("10.1")
async def test_a_transcript_holds_every_turn_in_order_of_time(records: Records) -> None:
    call = await records.calls.open(a_ticket(call_sid="CA1"), started_at=records.now)
    question = a_message(
        channel="voice",
        user_id=call.caller_id,
        kind=MessageKind.SPEECH,
        text="Are you open",
        attributes={"call_sid": "CA1", "start_ms": 2000, "end_ms": 2900},
    )
    claim = await records.history.claim(question, lease_seconds=30)
    assert claim is not None
    place: dict[str, JSON] = {"call_sid": "CA1", "start_ms": 3300, "end_ms": 4100}
    await records.history.complete(
        claim,
        ReplyDraft(text="Yes, until eight", agent_id="reception"),
        Delivery(text="Yes, until", interrupted=True, attributes=place),
    )
    await records.calls.add_turn(
        CallTurn(
            call_sid="CA1",
            conversation_id=call.conversation_id,
            position="greeting",
            speaker=Speaker.AGENT,
            text="Good morning",
            at=records.now,
            start_ms=100,
            end_ms=1500,
            agent_id="reception",
        )
    )

    segments = await records.reader.transcript("CA1")

    assert [(item.speaker, item.text, item.start_ms, item.end_ms, item.interrupted) for item in segments] == [
        (Speaker.AGENT, "Good morning", 100, 1500, False),
        (Speaker.USER, "Are you open", 2000, 2900, False),
        (Speaker.AGENT, "Yes, until", 3300, 4100, True),
    ]


@pytest.mark.requirement("10.4")
@pytest.mark.parametrize("named", ["919812345678", "IN.1349120865530274"])
async def test_a_user_is_found_under_every_identity(records: Records, named: str) -> None:
    phone, scoped_id = "919812345678", "IN.1349120865530274"
    expected = await exchange(records, user=phone, at=records.now)
    await exchange(records, user="ravi", at=records.now)
    await records.identities.resolve(a_message(user_id=phone, aliases=(scoped_id,)))

    page = await records.reader.conversations(HistoryFilter(user_id=named), cursor=None, limit=10)

    assert [item.id for item in page.items] == [expected]


async def test_what_was_kept_of_two_users_who_proved_to_be_one_is_found_under_either(records: Records) -> None:
    ids = {await exchange(records, user=name, at=records.now) for name in ("first", "second")}
    for name in ("first", "second"):
        await records.identities.resolve(a_message(user_id=name))
    await records.identities.resolve(a_message(user_id="first", aliases=("second",)))

    for name in ("first", "second"):
        page = await records.reader.conversations(HistoryFilter(user_id=name), cursor=None, limit=10)
        assert {item.id for item in page.items} == ids


async def test_calls_are_found_by_their_state(records: Records) -> None:
    for call_sid in ("CA1", "CA2", "CA3"):
        await records.calls.open(a_ticket(call_sid=call_sid, caller_id=call_sid), started_at=records.now)
    await records.calls.answered("CA2", at=records.now)
    await records.calls.close("CA3", ended_at=records.now, reason="caller_hung_up")

    found = {
        states: [
            call.call_sid
            for call in (await records.reader.calls(HistoryFilter(call_states=states), cursor=None, limit=10)).items
        ]
        for states in ((CallState.LIVE,), (CallState.ENDED,), (CallState.LIVE, CallState.RINGING))
    }

    assert found == {
        (CallState.LIVE,): ["CA2"],
        (CallState.ENDED,): ["CA3"],
        (CallState.LIVE, CallState.RINGING): ["CA2", "CA1"],
    }


async def test_conversations_that_need_a_person_are_found(records: Records) -> None:
    fine = await exchange(records, user="asha", at=records.now)
    claim = await records.history.claim(a_message(user_id="ravi", sent_at=records.now), lease_seconds=30)
    assert claim is not None
    await records.history.complete(claim, None, None, unanswered=Unanswered.STALE)

    found = {
        wanted: [
            item.id
            for item in (
                await records.reader.conversations(HistoryFilter(needs_attention=wanted), cursor=None, limit=10)
            ).items
        ]
        for wanted in (True, False)
    }

    assert found == {True: [claim.conversation_id], False: [fine]}
