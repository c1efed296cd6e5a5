"""Outbound messages among the other rows: the conversation they belong to, the statuses that find them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.identities import PostgresIdentityStore
from shared.adapters.postgres.outbound import PostgresOutboundMessages
from shared.domain.content import Choices, Option, TextContent
from shared.domain.conversation import ConversationKey, Speaker
from shared.domain.message import Delivery, DeliveryStatus, MessageKind
from shared.domain.outbound import HeldContent, OutboundMessage, SentMessage
from tests.samples import a_message, a_status

pytestmark = pytest.mark.integration


async def _hold(outbound: PostgresOutboundMessages, message: OutboundMessage) -> SentMessage:
    return await outbound.hold(message, delivery_id="out-1", held=HeldContent(fingerprint=message.fingerprint))


async def test_a_message_joins_the_conversation_and_is_read_as_what_a_person_said(database: Database) -> None:
    history, outbound = PostgresHistoryStore(database), PostgresOutboundMessages(database)
    inbound = a_message(sent_at=datetime.now(UTC))
    claim = await history.claim(inbound, lease_seconds=30)
    assert claim is not None

    held = await _hold(outbound, OutboundMessage(key=inbound.key, content=TextContent(text="Come at ten.")))
    await outbound.complete("out-1", Delivery(text="", provider_message_ids=("wamid.9",)))

    turns = (await PostgresHistoryReader(database).messages(claim.conversation_id, cursor=None, limit=10)).items
    assert held.conversation_id == claim.conversation_id
    assert [(turn.speaker, turn.text) for turn in turns][-1] == (Speaker.HUMAN, "Come at ten.")
    assert turns[-1].provider_message_id == "wamid.9"


@pytest.mark.parametrize("is_early", [True, False])
async def test_its_statuses_find_it_whether_they_come_before_or_after_the_note_of_sending(
    database: Database, *, is_early: bool
) -> None:
    history, outbound = PostgresHistoryStore(database), PostgresOutboundMessages(database)
    await _hold(outbound, OutboundMessage(key=a_message().key, content=TextContent(text="Hello")))
    status = a_status(provider_message_id="wamid.9", correlation_id="out-1" if is_early else None)

    if is_early:
        await history.record_status(status)
    await outbound.complete("out-1", Delivery(text="", provider_message_ids=("wamid.9",)))
    if not is_early:
        await history.record_status(status)

    sent = await outbound.find("out-1")
    assert sent is not None
    assert sent.status is DeliveryStatus.DELIVERED


async def test_the_last_word_of_the_user_is_dated_by_the_clock_that_says_earlier(database: Database) -> None:
    history, outbound = PostgresHistoryStore(database), PostgresOutboundMessages(database)
    now = datetime.now(UTC)
    await history.claim(a_message(sent_at=now - timedelta(hours=3)), lease_seconds=30)
    early = await outbound.last_heard(a_message().key)
    await history.claim(a_message(sent_at=now + timedelta(hours=3)), lease_seconds=30)

    late = await outbound.last_heard(a_message().key)

    assert early is not None
    assert late is not None
    assert early.at == now - timedelta(hours=3)
    assert abs(late.at - now) < timedelta(minutes=1)
    assert late.business_id == "100200300"


async def test_what_was_offered_to_tap_is_read_with_the_turn(database: Database) -> None:
    outbound = PostgresOutboundMessages(database)
    question = Choices(text="Monday?", options=(Option(id="y", title="Yes"), Option(id="n", title="No")))

    held = await _hold(outbound, OutboundMessage(key=a_message().key, content=question, reply_to="wamid.q"))

    (turn,) = (await PostgresHistoryReader(database).messages(held.conversation_id, cursor=None, limit=10)).items
    assert (turn.kind, turn.text) == (MessageKind.INTERACTIVE, "Monday?\n\n1. Yes\n2. No")
    assert turn.attributes["options"] == [
        {"id": "y", "title": "Yes", "description": ""},
        {"id": "n", "title": "No", "description": ""},
    ]


async def test_what_a_person_wrote_on_the_business_phone_does_not_open_the_window(database: Database) -> None:
    history, outbound = PostgresHistoryStore(database), PostgresOutboundMessages(database)
    await history.claim(a_message(kind=MessageKind.ECHO), lease_seconds=30)

    assert await outbound.last_heard(a_message().key) is None


async def test_a_user_is_heard_under_any_identity(database: Database) -> None:
    history, outbound = PostgresHistoryStore(database), PostgresOutboundMessages(database)
    identities = PostgresIdentityStore(database)
    first = await identities.resolve(a_message(user_id="IN.42", aliases=("919800000042",)))
    await history.claim(first, lease_seconds=30)

    by_phone = await outbound.last_heard(ConversationKey(channel="whatsapp", user_id="919800000042"))
    by_id = await outbound.last_heard(ConversationKey(channel="whatsapp", user_id="IN.42"))

    assert by_phone is not None
    assert by_phone == by_id
    assert by_phone.user_id == "IN.42"


async def test_a_user_whose_number_changed_is_reached_at_the_new_one(database: Database) -> None:
    history, outbound = PostgresHistoryStore(database), PostgresOutboundMessages(database)
    identities = PostgresIdentityStore(database)
    for number, message in enumerate(
        (a_message(user_id="919800000042", aliases=("IN.42",)), a_message(user_id="919800000077", aliases=("IN.42",)))
    ):
        known = await identities.resolve(replace(message, provider_message_id=f"wamid.{number}"))
        await history.claim(known, lease_seconds=30)

    heard = await outbound.last_heard(ConversationKey(channel="whatsapp", user_id="919800000042"))

    assert heard is not None
    assert (heard.user_id, heard.address) == ("919800000042", "919800000077")
