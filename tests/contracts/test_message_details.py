"""What a reader of the history sees of what became of messages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.json_value import JSON
from shared.domain.message import Delivery, DeliveryStatus, ReplyPart, Unanswered
from shared.domain.reply import ReplyDraft
from shared.ports.history import ConversationSummary, StoredMessage
from shared.ports.stores import Claim
from tests.contracts.conftest import Records
from tests.samples import NOON, a_message, a_status

DRAFT = ReplyDraft(text="One. Two.", agent_id="reception")
PRICING: JSON = {"category": "service", "billable": True, "type": "regular", "pricing_model": "PMP"}


def sent(position: int, status: DeliveryStatus = DeliveryStatus.SENT) -> ReplyPart:
    return ReplyPart(
        position=position, text=f"Part {position}.", status=status, provider_message_id=f"wamid.{position}"
    )


async def ask(records: Records, *, seconds: int = 0, reply_to: str | None = None) -> Claim:
    message = a_message(sent_at=records.now + timedelta(seconds=seconds), reply_to=reply_to)
    claim = await records.history.claim(message, lease_seconds=30)
    assert claim is not None
    return claim


async def answer(records: Records, claim: Claim, *parts: ReplyPart, status: DeliveryStatus | None = None) -> None:
    delivery_id = f"d-{claim.message_id}"
    await records.history.hold_reply(claim, DRAFT, delivery_id=delivery_id, parts=tuple(part.text for part in parts))
    await records.history.complete(
        claim,
        DRAFT,
        Delivery(
            text=DRAFT.text,
            status=status or DeliveryStatus.SENT,
            provider_message_ids=tuple(part.provider_message_id for part in parts if part.provider_message_id),
            parts=parts,
        ),
    )


async def seen(records: Records, claim: Claim) -> list[StoredMessage]:
    return list((await records.reader.messages(claim.conversation_id, cursor=None, limit=10)).items)


async def summary(records: Records, claim: Claim) -> ConversationSummary:
    return await records.reader.conversation(claim.conversation_id)


async def test_a_reply_tells_what_it_answers_and_everything_reported_about_it(records: Records) -> None:
    claim = await ask(records, reply_to="wamid.earlier")
    await answer(records, claim, sent(1))
    for status, second in ((DeliveryStatus.READ, 9), (DeliveryStatus.SENT, 1)):
        await records.history.record_status(
            a_status(provider_message_id="wamid.1", status=status, occurred_at=NOON + timedelta(seconds=second))
        )
    await records.history.record_status(
        a_status(
            provider_message_id="wamid.1", status=None, reported="teleported", occurred_at=NOON + timedelta(minutes=1)
        )
    )

    question, reply = await seen(records, claim)

    assert (question.reply_to, question.statuses, question.parts) == ("wamid.earlier", (), ())
    assert reply.answers_id == question.id
    assert reply.delivery_status is DeliveryStatus.READ
    assert [(report.reported, report.status, report.part) for report in reply.statuses] == [
        ("sent", DeliveryStatus.SENT, 1),
        ("read", DeliveryStatus.READ, 1),
        ("teleported", None, 1),
    ]


async def test_the_price_of_a_single_message_is_its_own(records: Records) -> None:
    claim = await ask(records)
    await answer(records, claim, sent(1))
    told: dict[str, JSON] = {"pricing": PRICING, "conversation": {"id": "c-1"}}
    await records.history.record_status(a_status(provider_message_id="wamid.1", attributes=told))

    reply = (await seen(records, claim))[1]

    assert (reply.pricing, reply.pricing_conversation, reply.parts) == (PRICING, {"id": "c-1"}, ())


async def test_each_of_several_parts_has_status_price_and_reason(records: Records) -> None:
    claim = await ask(records)
    await answer(records, claim, sent(1), sent(2))
    await records.history.record_status(a_status(provider_message_id="wamid.1", attributes={"pricing": PRICING}))
    await records.history.record_status(
        a_status(
            provider_message_id="wamid.2",
            status=DeliveryStatus.FAILED,
            error_code="131026",
            error_title="Undeliverable",
        )
    )

    reply = (await seen(records, claim))[1]

    assert reply.pricing is None
    assert [(part.text, part.status, part.pricing, part.error_code, part.error_title) for part in reply.parts] == [
        ("Part 1.", DeliveryStatus.DELIVERED, PRICING, None, None),
        ("Part 2.", DeliveryStatus.FAILED, None, "131026", "Undeliverable"),
    ]
    assert [report.part for report in reply.statuses] == [1, 2]


async def test_a_message_without_a_reply_tells_why(records: Records) -> None:
    claim = await ask(records)
    await records.history.complete(claim, None, None, unanswered=Unanswered.STALE)

    (question,) = await seen(records, claim)

    assert question.unanswered_because is Unanswered.STALE


@pytest.mark.parametrize("unanswered", [Unanswered.STALE, Unanswered.SILENT])
async def test_a_message_that_came_too_late_wants_a_person_until_something_is_said(
    records: Records, unanswered: Unanswered
) -> None:
    claim = await ask(records)
    await records.history.complete(claim, None, None, unanswered=unanswered)

    before = await summary(records, claim)
    await answer(records, await ask(records, seconds=5), sent(1))
    after = await summary(records, claim)

    assert (before.needs_attention, after.needs_attention) == (unanswered is Unanswered.STALE, False)


async def test_a_reply_that_did_not_arrive_wants_a_person_until_another_one_does(records: Records) -> None:
    claim = await ask(records)
    await answer(records, claim, sent(1))
    await records.history.record_status(a_status(provider_message_id="wamid.1", status=DeliveryStatus.FAILED))

    failed = await summary(records, claim)
    later = await ask(records, seconds=5)
    waiting = await summary(records, claim)
    await answer(records, later, sent(2))
    arrived = await summary(records, claim)

    assert [one.needs_attention for one in (failed, waiting, arrived)] == [True, True, False]
