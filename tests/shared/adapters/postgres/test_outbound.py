"""Outbound messages among the other rows: the conversation they belong to, the statuses that find them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.outbound import PostgresOutboundMessages
from shared.domain.conversation import Speaker
from shared.domain.message import Delivery, DeliveryStatus
from shared.domain.outbound import OutboundMessage
from tests.samples import a_message, a_status

pytestmark = pytest.mark.integration


async def test_a_message_joins_the_conversation_and_is_read_as_what_a_person_said(database: Database) -> None:
    history, outbound = PostgresHistoryStore(database), PostgresOutboundMessages(database)
    inbound = a_message(sent_at=datetime.now(UTC))
    claim = await history.claim(inbound, lease_seconds=30)
    assert claim is not None

    held = await outbound.hold(OutboundMessage(key=inbound.key, text="Come at ten."), delivery_id="out-1")
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
    await outbound.hold(OutboundMessage(key=a_message().key, text="Hello"), delivery_id="out-1")
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
