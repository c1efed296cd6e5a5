"""What every HistoryStore promises."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.agent import Citation, RouteReason, RoutingDecision
from shared.domain.conversation import CONTEXT_TURNS, ConversationStatus, Speaker
from shared.domain.json_value import JSON
from shared.domain.message import Delivery, DeliveryStatus, InboundMessage, MessageKind, Unanswered
from shared.domain.prompt import TokenUsage
from shared.domain.reply import ReplyDraft
from shared.errors import AlreadyClaimed, LeaseLost, NotFound, TakenOver
from shared.ports.history import HistoryFilter, StoredMessage
from shared.ports.stores import Claim
from tests.contracts.conftest import Records
from tests.samples import a_message, a_notice, a_status

DRAFT = ReplyDraft(
    text="We open at nine.",
    agent_id="reception",
    route=RoutingDecision(agent_id="reception", reason=RouteReason.RULE, detail="rule-1"),
    usage=TokenUsage(input_tokens=120, output_tokens=7, model="m", cost_microusd=64, cached_input_tokens=100),
    stages_ms={"context": 3, "reply": 400},
    citations=(Citation(passage_id="p-1", title="Opening hours", document_id="d-1"),),
)


async def take(records: Records, message: InboundMessage, *, lease_seconds: int = 30) -> Claim:
    claim = await records.history.claim(message, lease_seconds=lease_seconds)
    assert claim is not None
    return claim


async def answer(
    records: Records, message: InboundMessage, delivery: Delivery, *, delivery_id: str | None = None
) -> Claim:
    """The whole life of a text message."""
    claim = await take(records, message)
    if delivery_id is not None:
        await records.history.hold_reply(claim, DRAFT, delivery_id=delivery_id)
        await records.history.mark_sending(claim, delivery_id)
    await records.history.complete(claim, DRAFT, delivery)
    return claim


async def test_what_a_turn_rests_on_is_kept_with_it(records: Records) -> None:
    await answer(records, a_message(), Delivery(text="We open at nine."), delivery_id="d-1")

    (conversation,) = (await records.reader.conversations(HistoryFilter(), cursor=None, limit=5)).items
    _, turn = (await records.reader.messages(conversation.id, cursor=None, limit=5)).items
    assert turn.citations == DRAFT.citations


async def said(records: Records, claim: Claim) -> tuple[StoredMessage, ...]:
    return (await records.reader.messages(claim.conversation_id, cursor=None, limit=100)).items


async def test_a_message_that_was_answered_is_not_claimed_again(records: Records) -> None:
    message = a_message()
    await answer(records, message, Delivery(text="We open at nine."))

    again = await records.history.claim(message, lease_seconds=30)

    assert again is None


async def test_only_one_of_two_workers_gets_the_message(records: Records) -> None:
    message = a_message()

    outcomes = await asyncio.gather(
        *(records.history.claim(message, lease_seconds=30) for _ in range(4)), return_exceptions=True
    )

    assert sum(isinstance(outcome, Claim) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyClaimed) for outcome in outcomes) == 3


async def test_a_lease_that_ran_out_is_taken_over_with_a_higher_fence(records: Records) -> None:
    message = a_message()
    first = await take(records, message, lease_seconds=0)

    second = await take(records, message)

    assert second.message_id == first.message_id
    assert second.fence > first.fence


async def test_a_claim_says_when_it_was_made_by_the_clock_of_the_leases(records: Records) -> None:
    message = a_message()
    first = await take(records, message, lease_seconds=0)

    second = await take(records, message)

    assert first.claimed_at is not None
    assert second.claimed_at is not None
    assert first.claimed_at <= second.claimed_at


async def test_results_of_a_lost_lease_are_refused(records: Records) -> None:
    message = a_message()
    lost = await take(records, message, lease_seconds=0)
    await take(records, message)

    for attempt in (
        records.history.hold_reply(lost, DRAFT, delivery_id="d-1"),
        records.history.mark_sending(lost, "d-1"),
        records.history.complete(lost, DRAFT, Delivery(text="late")),
        records.history.renew(lost, lease_seconds=30),
    ):
        with pytest.raises(LeaseLost):
            await attempt
    assert [message.text for message in await said(records, lost)] == ["When do you open?"]


async def test_nothing_is_completed_twice(records: Records) -> None:
    claim = await answer(records, a_message(), Delivery(text="We open at nine."))

    with pytest.raises(LeaseLost):
        await records.history.complete(claim, DRAFT, Delivery(text="We open at nine."))

    assert len(await said(records, claim)) == 2


async def test_a_renewed_lease_keeps_others_out(records: Records) -> None:
    message = a_message()
    claim = await take(records, message, lease_seconds=0)

    await records.history.renew(claim, lease_seconds=30)

    with pytest.raises(AlreadyClaimed):
        await records.history.claim(message, lease_seconds=30)


async def test_nothing_leaves_once_a_person_has_the_conversation_but_what_must(records: Records) -> None:
    claim = await take(records, a_message())
    await records.history.hold_reply(claim, DRAFT, delivery_id="d-1")
    await records.history.set_status(claim.conversation_id, ConversationStatus.HUMAN, note="Taken over.")

    with pytest.raises(TakenOver):
        await records.history.mark_sending(claim, "d-1")

    await records.history.mark_sending(claim, "d-1", despite_takeover=True)


async def test_what_was_refused_to_leave_is_not_said(records: Records) -> None:
    claim = await take(records, a_message())
    await records.history.hold_reply(claim, DRAFT, delivery_id="d-1")
    await records.history.complete(claim, None, None, unanswered=Unanswered.HUMAN)

    conversation = await records.history.load_conversation(a_message().key)

    assert conversation is not None
    assert [turn.text for turn in conversation.turns] == ["When do you open?"]


async def test_a_released_message_can_be_claimed_at_once(records: Records) -> None:
    message = a_message()
    first = await take(records, message)

    await records.history.release(first)

    assert (await take(records, message)).fence > first.fence


async def test_releasing_a_lost_lease_changes_nothing(records: Records) -> None:
    message = a_message()
    lost = await take(records, message, lease_seconds=0)
    await take(records, message)

    await records.history.release(lost)

    with pytest.raises(AlreadyClaimed):
        await records.history.claim(message, lease_seconds=30)


async def test_the_first_reply_in_the_outbox_stands(records: Records) -> None:
    message = a_message()
    first = await take(records, message, lease_seconds=0)
    await records.history.hold_reply(first, DRAFT, delivery_id="d-1")
    await records.history.mark_sending(first, "d-1")

    second = await take(records, message)
    held = await records.history.hold_reply(second, ReplyDraft(text="Other words", agent_id=None), delivery_id="d-2")

    assert held == second.held_reply
    assert held.delivery_id == "d-1"
    assert held.draft == DRAFT
    assert held.status is DeliveryStatus.SENDING


async def test_a_held_reply_is_pending_until_it_is_sent(records: Records) -> None:
    claim = await take(records, a_message())

    held = await records.history.hold_reply(claim, DRAFT, delivery_id="d-1")

    assert held.status is DeliveryStatus.PENDING
    assert claim.held_reply is None


async def test_a_reply_is_kept_with_how_it_came_about(records: Records) -> None:
    delivery = Delivery(text="We open at nine.", provider_message_ids=("wamid.out",), stages_ms={"send": 80})

    claim = await answer(records, a_message(sent_at=records.now), delivery, delivery_id="d-1")

    question, reply = await said(records, claim)
    assert (question.speaker, question.text) == (Speaker.USER, "When do you open?")
    assert (reply.speaker, reply.text, reply.agent_id) == (Speaker.AGENT, "We open at nine.", "reception")
    assert (reply.route_reason, reply.route_detail) == (RouteReason.RULE, "rule-1")
    assert reply.stages_ms == {"context": 3, "reply": 400, "send": 80}
    assert (reply.provider_message_id, reply.delivery_status) == ("wamid.out", DeliveryStatus.SENT)


async def test_an_interrupted_reply_is_kept_as_it_was_heard(records: Records) -> None:
    place: dict[str, JSON] = {"call_sid": "CA1", "start_ms": 900, "end_ms": 1400, "voice": "asha"}
    delivery = Delivery(text="We open", interrupted=True, attributes=place)

    claim = await answer(records, a_message(channel="voice", kind=MessageKind.SPEECH), delivery)

    reply = (await said(records, claim))[1]
    assert (reply.text, reply.interrupted, reply.kind) == ("We open", True, MessageKind.SPEECH)
    assert (reply.call_sid, reply.start_ms, reply.end_ms) == ("CA1", 900, 1400)
    assert reply.attributes == {"voice": "asha"}


async def test_a_message_without_an_answer_is_dealt_with(records: Records) -> None:
    message = a_message(kind=MessageKind.REACTION, text="👍")
    claim = await take(records, message)

    await records.history.complete(claim, None, None)

    assert await records.history.claim(message, lease_seconds=30) is None
    assert len(await said(records, claim)) == 1


async def test_a_reply_never_stands_before_its_question(records: Records) -> None:
    from_the_future = a_message(sent_at=records.now + timedelta(minutes=5))

    claim = await answer(records, from_the_future, Delivery(text="We open at nine."))

    assert [message.speaker for message in await said(records, claim)] == [Speaker.USER, Speaker.AGENT]


async def test_messages_of_the_same_second_keep_the_order_of_arrival(records: Records) -> None:
    claims = [await take(records, a_message(text=text, sent_at=records.now)) for text in ("one", "two", "three")]

    messages = await said(records, claims[0])

    assert [message.text for message in messages] == ["one", "two", "three"]


async def test_characters_that_no_database_holds_do_not_stop_a_message(records: Records) -> None:
    message = a_message(text="a\x00b\ud800c", user_name="N\x00", attributes={"k\x00": ["\x00", {"x": "\udfff"}]})

    claim = await answer(records, message, Delivery(text="ok\x00"))

    assert len(await said(records, claim)) == 2


async def test_a_user_who_was_here_lately_goes_on_with_the_same_conversation(records: Records) -> None:
    first = await take(records, a_message(sent_at=records.now - timedelta(hours=23)))

    second = await take(records, a_message(sent_at=records.now))

    assert second.conversation_id == first.conversation_id


async def test_a_user_who_was_silent_for_a_day_begins_anew(records: Records) -> None:
    first = await take(records, a_message(sent_at=records.now - timedelta(hours=24)))

    second = await take(records, a_message(sent_at=records.now))

    assert second.conversation_id != first.conversation_id


async def test_a_closed_conversation_is_not_continued(records: Records) -> None:
    first = await take(records, a_message(sent_at=records.now))
    await records.history.set_status(first.conversation_id, ConversationStatus.CLOSED, note="Closed.")

    second = await take(records, a_message(sent_at=records.now))

    assert second.conversation_id != first.conversation_id
    assert second.conversation_status is ConversationStatus.OPEN


@pytest.mark.requirement("1.4")
async def test_users_and_channels_do_not_share_a_conversation(records: Records) -> None:
    claims = [
        await take(records, a_message(channel=channel, user_id=user))
        for channel in ("whatsapp", "voice")
        for user in ("919800000001", "919800000002")
    ]

    assert len({claim.conversation_id for claim in claims}) == 4


async def test_first_messages_at_once_open_one_conversation(records: Records) -> None:
    claims = await asyncio.gather(*(take(records, a_message(sent_at=records.now)) for _ in range(4)))

    assert len({claim.conversation_id for claim in claims}) == 1


@pytest.mark.requirement("11.5")
async def test_the_past_is_read_back_oldest_first_without_what_is_being_answered(records: Records) -> None:
    answered = a_message(text="When do you open?", sent_at=records.now)
    await answer(records, answered, Delivery(text="We open at nine."))
    claim = await take(records, a_message(text="And on Sunday?", sent_at=records.now))

    conversation = await records.history.load_conversation(answered.key)

    assert conversation is not None
    assert conversation.id == claim.conversation_id
    assert [(turn.speaker, turn.text) for turn in conversation.turns] == [
        (Speaker.USER, "When do you open?"),
        (Speaker.AGENT, "We open at nine."),
    ]
    assert conversation.turns[1].agent_id == "reception"


async def test_only_the_latest_turns_are_read_back(records: Records) -> None:
    for number in range(CONTEXT_TURNS // 2 + 3):
        message = a_message(text=f"question {number}", sent_at=records.now + timedelta(seconds=number))
        await answer(records, message, Delivery(text=f"answer {number}"))

    conversation = await records.history.load_conversation(a_message().key)

    assert conversation is not None
    assert len(conversation.turns) == CONTEXT_TURNS
    assert "question 0" not in [turn.text for turn in conversation.turns]


async def test_words_that_never_arrived_are_no_part_of_the_past(records: Records) -> None:
    await answer(records, a_message(sent_at=records.now), Delivery(text="Lost", status=DeliveryStatus.FAILED))

    conversation = await records.history.load_conversation(a_message().key)

    assert conversation is not None
    assert [turn.speaker for turn in conversation.turns] == [Speaker.USER]


async def test_a_stranger_has_no_past(records: Records) -> None:
    assert await records.history.load_conversation(a_message(user_id="nobody").key) is None


async def test_a_status_is_kept_with_its_note(records: Records) -> None:
    claim = await answer(records, a_message(sent_at=records.now), Delivery(text="One moment."))

    await records.history.set_status(claim.conversation_id, ConversationStatus.HUMAN, note="Asked for a person.")

    following = await take(records, a_message(sent_at=records.now))
    assert following.conversation_status is ConversationStatus.HUMAN
    conversation = await records.history.load_conversation(a_message().key)
    assert conversation is not None
    assert conversation.status is ConversationStatus.HUMAN
    assert Speaker.SYSTEM in [turn.speaker for turn in conversation.turns]


@pytest.mark.parametrize("conversation_id", ["nonsense", "01a202f3-4171-728d-bfa0-7ee193eb6c7c"])
async def test_the_status_of_an_unknown_conversation_cannot_change(records: Records, conversation_id: str) -> None:
    with pytest.raises(NotFound):
        await records.history.set_status(conversation_id, ConversationStatus.CLOSED, note="")


async def test_a_status_moves_its_message_forward_only(records: Records) -> None:
    claim = await answer(records, a_message(), Delivery(text="Hi", provider_message_ids=("wamid.out",)))

    read = await records.history.record_status(a_status(status=DeliveryStatus.READ))
    delivered = await records.history.record_status(a_status(status=DeliveryStatus.DELIVERED))

    assert read is not None
    assert delivered is not None
    assert (read.status, delivered.status) == (DeliveryStatus.READ, DeliveryStatus.READ)
    assert (read.conversation_id, read.key) == (claim.conversation_id, a_message().key)
    assert (await said(records, claim))[1].delivery_status is DeliveryStatus.READ


async def test_a_status_of_any_part_counts(records: Records) -> None:
    await answer(records, a_message(), Delivery(text="Hi", provider_message_ids=("wamid.1", "wamid.2")))

    recorded = await records.history.record_status(a_status(provider_message_id="wamid.2"))

    assert recorded is not None
    assert recorded.status is DeliveryStatus.DELIVERED


async def test_a_failure_is_kept_with_its_reason(records: Records) -> None:
    claim = await answer(records, a_message(), Delivery(text="Hi", provider_message_ids=("wamid.out",)))

    await records.history.record_status(
        a_status(status=DeliveryStatus.FAILED, error_code="131047", error_title="Re-engagement message")
    )

    reply = (await said(records, claim))[1]
    assert reply.delivery_status is DeliveryStatus.FAILED
    assert reply.attributes["error_code"] == "131047"


async def test_a_word_that_we_do_not_know_changes_no_status(records: Records) -> None:
    await answer(records, a_message(), Delivery(text="Hi", provider_message_ids=("wamid.out",)))

    recorded = await records.history.record_status(a_status(status=None, reported="teleported"))

    assert recorded is not None
    assert recorded.status is DeliveryStatus.SENT


async def test_a_status_that_came_first_is_joined_by_the_providers_id(records: Records) -> None:
    assert await records.history.record_status(a_status(status=DeliveryStatus.READ)) is None

    claim = await answer(records, a_message(), Delivery(text="Hi", provider_message_ids=("wamid.out",)))

    assert (await said(records, claim))[1].delivery_status is DeliveryStatus.READ


async def test_a_status_that_came_first_is_joined_by_our_delivery_id(records: Records) -> None:
    await records.history.record_status(a_status(provider_message_id="wamid.unknown", correlation_id="d-1"))

    claim = await answer(records, a_message(), Delivery(text="Hi"), delivery_id="d-1")

    assert (await said(records, claim))[1].delivery_status is DeliveryStatus.DELIVERED


async def test_a_status_finds_its_message_by_our_delivery_id(records: Records) -> None:
    claim = await answer(records, a_message(), Delivery(text="Hi"), delivery_id="d-1")

    await records.history.record_status(a_status(provider_message_id="wamid.unknown", correlation_id="d-1"))

    assert (await said(records, claim))[1].delivery_status is DeliveryStatus.DELIVERED


async def test_a_status_of_another_message_is_left_alone(records: Records) -> None:
    await records.history.record_status(a_status(provider_message_id="wamid.other", status=DeliveryStatus.FAILED))

    claim = await answer(records, a_message(), Delivery(text="Hi", provider_message_ids=("wamid.out",)))

    assert (await said(records, claim))[1].delivery_status is DeliveryStatus.SENT


async def test_a_status_and_its_reply_that_are_kept_at_once_are_joined(records: Records) -> None:
    claims = [await take(records, a_message(sent_at=records.now)) for _ in range(8)]

    await asyncio.gather(
        *(
            work
            for number, claim in enumerate(claims)
            for work in (
                records.history.complete(
                    claim, DRAFT, Delivery(text="Hi", provider_message_ids=(f"wamid.out.{number}",))
                ),
                records.history.record_status(a_status(provider_message_id=f"wamid.out.{number}")),
            )
        )
    )

    replies = [message for message in await said(records, claims[0]) if message.speaker is Speaker.AGENT]
    assert [reply.delivery_status for reply in replies] == [DeliveryStatus.DELIVERED] * 8


async def test_a_status_tells_that_a_delivery_was_accepted(records: Records) -> None:
    assert await records.history.sent_under("d-1") is None

    await records.history.record_status(a_status(provider_message_id="wamid.out", correlation_id="d-1"))

    assert await records.history.sent_under("d-1") == "wamid.out"


async def test_the_same_reports_may_come_again(records: Records) -> None:
    await answer(records, a_message(), Delivery(text="Hi", provider_message_ids=("wamid.out",)))

    first = await records.history.record_status(a_status())
    again = await records.history.record_status(a_status())
    await records.history.record_notice(a_notice())
    await records.history.record_notice(a_notice(payload={"later": True}))

    assert first == again


def a_question(number: int = 1, *, call_sid: str = "CA1", text: str = "When do you open?") -> InboundMessage:
    """Something said in a call."""
    return replace(
        a_message(),
        channel="voice",
        provider_message_id=f"{call_sid}:{number}",
        kind=MessageKind.SPEECH,
        text=text,
        attributes={"call_sid": call_sid, "start_ms": 1500, "end_ms": 2500, "stages_ms": {"endpoint": 500}},
    )


async def test_a_question_that_a_dead_worker_held_is_taken_over_whole_and_claimed_at_once(records: Records) -> None:
    question = a_question()
    dead = await take(records, question)

    found = await records.history.take_over("CA1")

    assert found is not None
    assert (found.key, found.provider_message_id, found.text) == (question.key, "CA1:1", question.text)
    assert (found.kind, found.business_id, found.attributes) == (
        question.kind,
        question.business_id,
        question.attributes,
    )
    claim = await take(records, found)
    assert (claim.message_id, claim.conversation_id) == (dead.message_id, dead.conversation_id)
    assert claim.fence > dead.fence


async def test_whoever_lost_the_call_can_finish_nothing_any_more(records: Records) -> None:
    dead = await take(records, a_question())
    await records.history.take_over("CA1")

    for attempt in (
        records.history.complete(dead, DRAFT, Delivery(text="We open at nine.")),
        records.history.renew(dead, lease_seconds=30),
    ):
        with pytest.raises(LeaseLost):
            await attempt
    await records.history.release(dead)
    assert await records.history.take_over("CA1") is not None


@pytest.mark.parametrize("is_given_back", [False, True])
async def test_of_several_unanswered_questions_the_last_is_taken_over_and_the_others_count_as_said(
    records: Records, *, is_given_back: bool
) -> None:
    first = await take(records, a_question(1, text="Hello?"))
    second = await take(records, a_question(2, text="When do you open?"))
    if is_given_back:
        await records.history.release(first)
        await records.history.release(second)

    found = await records.history.take_over("CA1")

    assert found is not None
    assert found.text == "When do you open?"
    assert await records.history.claim(a_question(1), lease_seconds=30) is None
    conversation = await records.history.load_conversation(found.key)
    assert conversation is not None
    assert [turn.text for turn in conversation.turns] == ["Hello?"]


async def test_what_was_answered_or_belongs_to_another_call_is_not_taken_over(records: Records) -> None:
    await answer(records, a_question(), Delivery(text="We open at nine."))
    await take(records, a_question(call_sid="CA2"))

    assert await records.history.take_over("CA1") is None
    assert await records.history.take_over("CA3") is None


async def test_of_two_streams_that_take_over_one_answers(records: Records) -> None:
    await take(records, a_question())

    async def take_over_and_claim() -> Claim | None:
        found = await records.history.take_over("CA1")
        return None if found is None else await records.history.claim(found, lease_seconds=30)

    outcomes = await asyncio.gather(*(take_over_and_claim() for _ in range(4)), return_exceptions=True)
    claims = [outcome for outcome in outcomes if isinstance(outcome, Claim)]
    completed = 0
    for claim in claims:
        try:
            await records.history.complete(claim, DRAFT, Delivery(text="We open at nine."))
            completed += 1
        except LeaseLost:
            continue

    assert all(isinstance(outcome, (Claim, AlreadyClaimed)) or outcome is None for outcome in outcomes)
    assert completed == 1
    assert len(await said(records, claims[0])) == 2


async def test_a_claim_and_the_past_agree_on_how_much_was_said(records: Records) -> None:
    first, joined, second = a_message(), a_message(), a_message()
    await answer(records, first, Delivery(text="We open at nine."))

    claim = await records.history.claim(second, lease_seconds=0, earlier=[joined])
    meanwhile = await records.history.load_conversation(first.key)
    again = await take(records, second)
    await records.history.complete(again, DRAFT, Delivery(text="Yes."))
    third = await take(records, a_message())

    assert claim is not None
    assert meanwhile is not None
    assert (claim.message_count, meanwhile.message_count, again.message_count) == (2, 2, None)
    assert third.message_count == 5
