"""How many messages left in a month, by what the providers' statuses said."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.message_tally import PostgresMessageTally
from shared.domain.cost import first_of_month
from shared.domain.json_value import JSON
from shared.domain.message import Delivery, DeliveryStatus, ReplyPart
from shared.domain.reply import ReplyDraft
from tests.samples import a_message, a_status

pytestmark = pytest.mark.integration

DRAFT = ReplyDraft(text="Hi", agent_id="reception")
SERVICE: JSON = {"category": "service", "billable": True}
FREE: JSON = {"category": "service", "billable": False}


async def send(
    database: Database, channel: str, provider_id: str, *, pricing: JSON = None, fails: bool = False
) -> None:
    history = PostgresHistoryStore(database)
    claim = await history.claim(a_message(channel=channel), lease_seconds=30)
    assert claim is not None
    await history.hold_reply(claim, DRAFT, delivery_id=f"d-{provider_id}")
    part = ReplyPart(position=1, text="Hi", status=DeliveryStatus.SENT, provider_message_id=provider_id)
    await history.complete(claim, DRAFT, Delivery(text="Hi", provider_message_ids=(provider_id,), parts=(part,)))
    status = DeliveryStatus.FAILED if fails else DeliveryStatus.DELIVERED
    for _ in range(2):
        await history.record_status(
            a_status(channel=channel, provider_message_id=provider_id, status=status, attributes={"pricing": pricing})
        )


async def test_messages_are_counted_once_each_as_their_provider_counts_them(database: Database) -> None:
    for number in range(2):
        await send(database, "whatsapp", f"wamid.service.{number}", pricing=SERVICE)
    await send(database, "whatsapp", "wamid.free", pricing=FREE)
    await send(database, "whatsapp", "wamid.failed", pricing=SERVICE, fails=True)
    await send(database, "twilio-whatsapp", "SM1")
    this_month = first_of_month(datetime.now(UTC).date())

    counts = await PostgresMessageTally(database).monthly(
        since=first_of_month(this_month, months_before=1), until=first_of_month(this_month, months_before=-1)
    )

    assert [(one.month, one.channel, one.category, one.is_billable, one.messages) for one in counts] == [
        (this_month, "whatsapp", "service", True, 2),
        (this_month, "twilio-whatsapp", None, None, 1),
        (this_month, "whatsapp", "service", False, 1),
    ]


async def test_a_month_is_counted_from_an_index_without_the_other_months(database: Database) -> None:
    await send(database, "whatsapp", "wamid.1", pricing=SERVICE)
    many = text(
        """
        INSERT INTO delivery_parts (delivery_id, position, text, status, channel, taken_at, category, is_billable)
        SELECT 'd-wamid.1', n, repeat('x', 100), 'delivered', 'whatsapp',
               timestamptz '2026-01-01' - n * interval '90 minutes', 'service', true
        FROM generate_series(2, 20000) AS n
        """
    )
    asked = text(
        """
        EXPLAIN SELECT channel, category, is_billable, count(*) FROM delivery_parts
        WHERE taken_at >= '2025-03-01Z' AND taken_at < '2025-04-01Z' AND status <> 'failed' GROUP BY 1, 2, 3
        """
    )
    await database.run(lambda connection: connection.execute(many))
    await database.run_alone(lambda connection: connection.execute(text("VACUUM ANALYZE delivery_parts")))

    plan = await database.run(lambda connection: "\n".join(connection.execute(asked).scalars()))
    counts = await PostgresMessageTally(database).monthly(since=date(2025, 3, 1), until=date(2025, 4, 1))

    assert "Index Only Scan using delivery_parts_charges" in plan
    assert [one.messages for one in counts] == [31 * 16]
