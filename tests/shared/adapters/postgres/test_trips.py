"""How often a turn waits for the database: every trip is time that a user waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from pg8000 import core

from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.domain.json_value import JSON
from shared.domain.message import Delivery, DeliveryStatus, MessageKind, ReplyPart
from shared.domain.reply import ReplyDraft
from tests.samples import a_message, a_status

pytestmark = pytest.mark.integration

DRAFT = ReplyDraft(text="Hi", agent_id="reception")
Count = Callable[[Awaitable[Any]], Awaitable[int]]


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[PostgresHistoryStore]:
    """Over one connection, which is open."""
    database = Database(database_url, pool_size=1)
    history = PostgresHistoryStore(database)
    await history.load_conversation(a_message().key)
    yield history
    await database.close()


@pytest.fixture
def trips_of(history: PostgresHistoryStore, monkeypatch: pytest.MonkeyPatch) -> Count:
    """Counts the messages to the server that something takes."""
    made: list[int] = []
    flush = core._flush

    def note(sock: Any) -> None:
        made.append(1)
        flush(sock)

    monkeypatch.setattr(core, "_flush", note)

    async def count(work: Awaitable[Any]) -> int:
        made.clear()
        await work
        return len(made)

    return count


def sent(position: int) -> ReplyPart:
    return ReplyPart(position=position, text="Hi", status=DeliveryStatus.SENT, provider_message_id=f"wamid.{position}")


async def test_a_reply_of_one_message_is_held_marked_and_kept_in_nine_trips(
    history: PostgresHistoryStore, trips_of: Count
) -> None:
    claim = await history.claim(a_message(), lease_seconds=30)
    assert claim is not None
    delivery = Delivery(text="Hi", provider_message_ids=("wamid.1",), parts=(sent(1),))

    trips = [
        await trips_of(history.hold_reply(claim, DRAFT, delivery_id="d-1")),
        await trips_of(history.mark_sending(claim, "d-1")),
        await trips_of(history.complete(claim, DRAFT, delivery)),
    ]

    assert trips == [3, 2, 4]


async def test_every_further_message_of_a_reply_takes_two(history: PostgresHistoryStore, trips_of: Count) -> None:
    claim = await history.claim(a_message(), lease_seconds=30)
    assert claim is not None
    parts = tuple(sent(position) for position in (1, 2, 3))
    delivery = Delivery(text="Hi", provider_message_ids=("wamid.1", "wamid.2", "wamid.3"), parts=parts)

    trips = [
        await trips_of(history.hold_reply(claim, DRAFT, delivery_id="d-1", parts=("Hi", "Hi", "Hi"))),
        await trips_of(history.mark_sending(claim, "d-1")),
        await trips_of(history.mark_sending(claim, "d-1", position=2, sent=parts[0])),
        await trips_of(history.mark_sending(claim, "d-1", position=3, sent=parts[1])),
        await trips_of(history.complete(claim, DRAFT, delivery)),
    ]

    assert trips == [3, 2, 2, 2, 4]


async def test_a_spoken_turn_is_claimed_and_kept_in_six(history: PostgresHistoryStore, trips_of: Count) -> None:
    place: dict[str, JSON] = {"call_sid": "CA1", "start_ms": 100, "end_ms": 900}
    # The caller's first words open the conversation; from then on every turn is alike.
    first = await history.claim(a_message(channel="voice", kind=MessageKind.SPEECH), lease_seconds=30)
    assert first is not None
    await history.complete(first, DRAFT, Delivery(text="Hi", attributes=place))
    question = a_message(channel="voice", kind=MessageKind.SPEECH, attributes=place)
    claimed = []

    async def claim() -> None:
        claimed.append(await history.claim(question, lease_seconds=30))

    taking = await trips_of(claim())
    (taken,) = claimed
    assert taken is not None
    keeping = await trips_of(history.complete(taken, DRAFT, Delivery(text="Hi", attributes=place)))

    assert (taking, keeping) == (3, 3)


async def test_a_status_takes_five(history: PostgresHistoryStore, trips_of: Count) -> None:
    claim = await history.claim(a_message(), lease_seconds=30)
    assert claim is not None
    await history.hold_reply(claim, DRAFT, delivery_id="d-1")
    await history.complete(claim, DRAFT, Delivery(text="Hi", provider_message_ids=("wamid.1",), parts=(sent(1),)))

    by_our_id = await trips_of(history.record_status(a_status(provider_message_id="wamid.1", correlation_id="d-1")))
    by_its_id = await trips_of(
        history.record_status(a_status(provider_message_id="wamid.1", status=DeliveryStatus.READ))
    )

    assert (by_our_id, by_its_id) == (5, 5)
