"""What our own rows tell about the minutes, words and messages of a month."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial

import pytest
from sqlalchemy import Connection, text

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.usage_tally import PostgresUsageTally
from shared.domain.cost_per_unit import CallUsage, MonthlyUsage, SentUsage, SpokenUsage, WrittenUsage

pytestmark = pytest.mark.integration

MARCH = date(2026, 3, 1)
_CONVERSATION = text(
    """
    INSERT INTO conversations (id, channel, user_id, status, started_at, last_message_at)
    VALUES (md5(:name)::uuid, :channel, :user, 'open', :at, :at)
    """
)
_CALL = text(
    """
    INSERT INTO calls (call_sid, conversation_id, caller_id, business_id, direction, state, started_at, answered_at,
                       ended_at)
    VALUES (:sid, md5('calls')::uuid, '+919800000001', '+912200000001', :direction, :state, :at, :answered, :ended)
    """
)
_MESSAGE = text(
    """
    INSERT INTO messages (id, conversation_id, channel, user_id, direction, speaker, kind, text, sent_at, state, model,
                          cost_microusd, call_sid, joined_to)
    VALUES (md5(:name)::uuid, md5(:conversation)::uuid, :channel, :user, :direction, :speaker, 'text', :text, :at,
            :state, :model, :cost, :sid, md5(:joined)::uuid)
    """
)
_DELIVERY = text(
    """
    INSERT INTO deliveries (id, message_id, reply_id, status, text)
    VALUES (:name, md5(:question)::uuid, md5(:reply)::uuid, 'sent', 'Hi')
    """
)
_PART = text(
    """
    INSERT INTO delivery_parts (delivery_id, position, text, status, channel, taken_at, category, is_billable)
    VALUES (:name, :position, 'Hi', :status, :channel, :at, :category, :billable)
    """
)


def at(day: int, hour: int = 10, minute: int = 0, second: int = 0, *, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


async def insert_call(database: Database, sid: str, **values: object) -> None:
    row = {"sid": sid, "direction": "inbound", "state": "ended", "at": at(2), "answered": None, "ended": None, **values}
    await database.run(lambda connection: connection.execute(_CALL, row))


async def insert_message(database: Database, name: str, **values: object) -> None:
    row = {
        "name": name,
        "conversation": "calls",
        "channel": "voice",
        "user": "+919800000001",
        "direction": "outbound",
        "speaker": "agent",
        "text": "Namaste",
        "at": at(2),
        "state": None,
        "model": None,
        "cost": None,
        "sid": None,
        "joined": None,
        **values,
    }
    await database.run(lambda connection: connection.execute(_MESSAGE, row))


async def insert_conversation(database: Database, name: str, channel: str, user: str) -> None:
    row = {"name": name, "channel": channel, "user": user, "at": at(1)}
    await database.run(lambda connection: connection.execute(_CONVERSATION, row))


async def insert_reply(database: Database, name: str, channel: str, user: str, **part: object) -> None:
    common = {"conversation": channel, "channel": channel, "user": user}
    await insert_message(database, f"{name}-question", **common, direction="inbound", speaker="user", state="done")
    await insert_message(database, f"{name}-reply", **common, model="nova", cost=part.pop("cost", 100))
    parts = part.pop("parts", 1)
    row = {"name": name, "question": f"{name}-question", "reply": f"{name}-reply"}
    await database.run(lambda connection: connection.execute(_DELIVERY, row))
    for position in range(1, int(str(parts)) + 1):
        values = {
            "name": name, "position": position, "channel": channel, "status": "delivered", "at": at(3),
            "category": None, "billable": None, **part,
        }  # fmt: skip
        await database.run(partial(Connection.execute, statement=_PART, parameters=values))


@pytest.mark.requirement("16.4")
async def test_minutes_are_counted_as_they_passed_and_as_carriers_bill_them(database: Database) -> None:
    await insert_conversation(database, "calls", "voice", "+919800000001")
    await insert_call(database, "CA1", answered=at(2), ended=at(2, minute=1, second=1))
    await insert_call(database, "CA2", answered=at(2), ended=at(2, second=59))
    await insert_call(database, "CA3", answered=at(2), ended=at(2, minute=2), direction="outbound")
    await insert_call(database, "never-answered", ended=at(2, minute=5))
    await insert_call(database, "lost", answered=at(2), state="failed")
    await insert_call(database, "goes-on", answered=at(2), state="live")
    await insert_call(database, "last-month", at=at(28, 23, 59, 59, month=2), answered=at(1), ended=at(1, 11))

    usage = await PostgresUsageTally(database).of_month(MARCH)

    assert usage.calls == (
        CallUsage(direction="inbound", number="+9122", calls=2, seconds=120, started_minutes=3),
        CallUsage(direction="outbound", number="+9198", calls=1, seconds=120, started_minutes=2),
    )
    assert usage.spoken.unfinished_calls == 1


async def test_words_and_thoughts_of_agents_in_calls_are_added_up(database: Database) -> None:
    await insert_conversation(database, "calls", "voice", "+919800000001")
    await insert_call(database, "CA1", answered=at(2), ended=at(2, minute=1))
    await insert_message(database, "greeting", sid="CA1", text="नमस्ते")
    await insert_message(database, "reply", sid="CA1", text="We open at ten.", model="nova", cost=122)
    await insert_message(database, "unpriced", sid="CA1", text="Yes.", model="home-made")
    await insert_message(database, "user", sid="CA1", direction="inbound", speaker="user", state="done", text="When?")

    usage = await PostgresUsageTally(database).of_month(MARCH)

    assert usage.spoken == SpokenUsage(
        characters=6 + 15 + 4, replies=3, unpriced_replies=1, model_microusd=122, unfinished_calls=0
    )


@pytest.mark.requirement("16.4")
async def test_messages_are_counted_by_what_decides_their_price(database: Database) -> None:
    await insert_conversation(database, "whatsapp", "whatsapp", "919800000001")
    await insert_conversation(database, "twilio-whatsapp", "twilio-whatsapp", "+919800000001")
    await insert_reply(database, "d1", "whatsapp", "919800000001", category="service", billable=True, parts=2)
    await insert_reply(database, "d2", "whatsapp", "6281200000001", category="utility", billable=False)
    await insert_reply(database, "d3", "whatsapp", "6281200000001", category="utility", billable=True, status="failed")
    await insert_reply(
        database, "d4", "whatsapp", "6281200000001", category="utility", billable=True, at=at(1, month=4)
    )
    await insert_reply(database, "d5", "twilio-whatsapp", "+919800000001", cost=None)
    burst = {"conversation": "twilio-whatsapp", "channel": "twilio-whatsapp", "joined": "d5-question"}
    await insert_message(database, "burst", **burst, direction="inbound", speaker="user", state="done")

    usage = await PostgresUsageTally(database).of_month(MARCH)

    assert usage.sent == (
        SentUsage(channel="twilio-whatsapp", category=None, is_billable=None, user="+9198", messages=1),
        SentUsage(channel="whatsapp", category="service", is_billable=True, user="91980", messages=2),
        SentUsage(channel="whatsapp", category="utility", is_billable=False, user="62812", messages=1),
    )
    assert usage.written == WrittenUsage(received_by_twilio=2, replies=3, unpriced_replies=1, model_microusd=200)


async def test_a_month_without_anything_is_all_zero(database: Database) -> None:
    assert await PostgresUsageTally(database).of_month(MARCH) == MonthlyUsage(month=MARCH)
