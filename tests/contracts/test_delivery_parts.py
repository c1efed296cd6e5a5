"""What every HistoryStore promises about replies of several messages, their statuses and their prices."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.domain.message import Delivery, DeliveryStatus, ReplyPart
from shared.domain.reply import HeldReply, ReplyDraft
from shared.errors import LeaseLost
from shared.ports.stores import Claim
from tests.contracts.conftest import Records
from tests.samples import a_message, a_status

SENT, DELIVERED, READ, FAILED = (
    DeliveryStatus.SENT,
    DeliveryStatus.DELIVERED,
    DeliveryStatus.READ,
    DeliveryStatus.FAILED,
)
DRAFT = ReplyDraft(text="One. Two. Three.", agent_id="reception")
TEXTS = ("One.", "Two.", "Three.")


def sent(position: int, *, status: DeliveryStatus = SENT, provider_message_id: str | None = "") -> ReplyPart:
    named = f"wamid.{position}" if provider_message_id == "" else provider_message_id
    return ReplyPart(position=position, text=TEXTS[position - 1], status=status, provider_message_id=named)


async def held(records: Records, *, texts: tuple[str, ...] = TEXTS) -> tuple[Claim, HeldReply]:
    claim = await records.history.claim(a_message(), lease_seconds=30)
    assert claim is not None
    return claim, await records.history.hold_reply(claim, DRAFT, delivery_id="d-1", parts=texts)


async def deliver(records: Records, *parts: ReplyPart) -> Claim:
    """The whole life of a reply that left in these parts."""
    claim, _ = await held(records, texts=tuple(part.text for part in parts))
    ids = tuple(part.provider_message_id for part in parts if part.provider_message_id is not None)
    await records.history.complete(
        claim, DRAFT, Delivery(text=DRAFT.text, provider_message_ids=ids, parts=tuple(parts))
    )
    return claim


async def status_of(records: Records, claim: Claim) -> DeliveryStatus | None:
    page = await records.reader.messages(claim.conversation_id, cursor=None, limit=10)
    return page.items[-1].delivery_status


async def test_a_reply_is_held_in_its_parts(records: Records) -> None:
    _, reply = await held(records)

    assert reply.parts == tuple(ReplyPart(position=place, text=text) for place, text in enumerate(TEXTS, start=1))


async def test_a_reply_without_parts_is_one(records: Records) -> None:
    _, reply = await held(records, texts=())

    assert reply.parts == (ReplyPart(position=1, text=DRAFT.text),)


async def test_who_takes_a_reply_over_knows_how_far_it_came(records: Records) -> None:
    message = a_message()
    claim = await records.history.claim(message, lease_seconds=0)
    assert claim is not None
    await records.history.hold_reply(claim, DRAFT, delivery_id="d-1", parts=TEXTS)
    await records.history.mark_sending(claim, "d-1", position=1)
    await records.history.mark_sending(claim, "d-1", position=2, sent=sent(1))

    taken_over = await records.history.claim(message, lease_seconds=30)

    assert taken_over is not None
    assert taken_over.held_reply is not None
    assert taken_over.held_reply.parts == (
        sent(1),
        replace(sent(2), status=DeliveryStatus.SENDING, provider_message_id=None),
        ReplyPart(position=3, text="Three."),
    )
    with pytest.raises(LeaseLost):
        await records.history.mark_sending(claim, "d-1", position=3, sent=sent(2))


async def test_a_message_is_as_far_as_its_least_advanced_part(records: Records) -> None:
    claim = await deliver(records, sent(1), sent(2), sent(3))

    seen = [
        await records.history.record_status(a_status(provider_message_id=f"wamid.{number}", status=status))
        for number, status in ((1, READ), (2, DELIVERED), (3, READ), (2, READ))
    ]

    assert [None if one is None else one.status for one in seen] == [SENT, SENT, DELIVERED, READ]
    assert await status_of(records, claim) is READ


async def test_a_part_that_fails_fails_the_message_until_it_arrives_after_all(records: Records) -> None:
    await deliver(records, sent(1), sent(2))
    await records.history.record_status(a_status(provider_message_id="wamid.1"))

    failed = await records.history.record_status(
        a_status(provider_message_id="wamid.2", status=FAILED, error_code="131026", error_title="Undeliverable")
    )
    arrived = await records.history.record_status(a_status(provider_message_id="wamid.2"))

    assert failed is not None
    assert (failed.status, failed.error_code) == (FAILED, "131026")
    assert arrived is not None
    assert (arrived.status, arrived.error_code) == (DELIVERED, None)


async def test_statuses_that_came_before_the_reply_was_kept_are_joined_to_their_parts(records: Records) -> None:
    claim, _ = await held(records)
    early = [
        a_status(provider_message_id="wamid.1", status=READ),
        a_status(provider_message_id="wamid.2", status=READ, correlation_id="d-1.2"),
        a_status(provider_message_id="wamid.9", status=DELIVERED, correlation_id="d-1.3"),
    ]
    assert [await records.history.record_status(status) for status in early] == [None] * 3

    parts = (sent(1), sent(2), sent(3, provider_message_id=None))
    await records.history.complete(
        claim, DRAFT, Delivery(text=DRAFT.text, provider_message_ids=("wamid.1", "wamid.2"), parts=parts)
    )

    assert await status_of(records, claim) is DELIVERED


async def test_parts_that_the_provider_refused_do_not_count_if_others_arrived(records: Records) -> None:
    refused = replace(sent(2, status=FAILED, provider_message_id=None), error_code="131009")
    claim = await deliver(records, sent(1), refused)

    await records.history.record_status(a_status(provider_message_id="wamid.1"))

    assert await status_of(records, claim) is DELIVERED


async def test_a_status_of_another_channel_with_our_id_moves_nothing(records: Records) -> None:
    claim = await deliver(records, sent(1))

    await records.history.record_status(a_status(channel="toy", provider_message_id="x", correlation_id="d-1"))

    assert await status_of(records, claim) is SENT


async def test_reports_at_once_leave_what_they_would_leave_one_by_one(records: Records) -> None:
    claim = await deliver(records, sent(1), sent(2), sent(3))
    told = [
        a_status(provider_message_id=f"wamid.{number}", correlation_id=f"d-1.{number}", status=status)
        for number in (1, 2, 3)
        for status in (SENT, DELIVERED, READ, READ)
    ]

    await asyncio.gather(*(records.history.record_status(status) for status in reversed(told)))

    assert await status_of(records, claim) is READ
