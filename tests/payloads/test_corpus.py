"""Every payload, in any order and as often as providers repeat themselves: kept once, or refused with a reason."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter

import pytest
from sqlalchemy import Connection, func, select

from shared.adapters.postgres.consent import PostgresConsentStore
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.identities import PostgresIdentityStore
from shared.adapters.postgres.media import PostgresMediaRecords
from shared.adapters.postgres.schema import message_events, messages
from shared.domain.message import ChannelNotice, InboundMessage, NoticeKind, StatusUpdate
from shared.queue_contract import decode
from tests.fakes.clock import FrozenClock
from tests.fakes.outbound_channel import FakeTextChannel
from tests.payloads.corpus import ALL, signed_event
from tests.payloads.intake import Intake
from tests.payloads.shapes import PERSONAL, Payload
from tests.provider_requests import META_PATH
from tests.samples import NOON
from tests.shared.use_cases.house import House

# Wide apart, so that the order in which they come is a different one each time.
SEEDS = (1, 20261122)


@pytest.fixture
def intake(clock: FrozenClock) -> Intake:
    clock.now = NOON
    return Intake(clock)


def sorts(bodies: list[str]) -> dict[str, int]:
    """How many queued items there are of each sort."""
    found = Counter(_sort(decode(body)) for body in bodies)
    return {sort: found[sort] for sort in ("messages", "statuses", "notices", "rejected")}


def _sort(item: object) -> str:
    if isinstance(item, InboundMessage):
        return "messages"
    if isinstance(item, StatusUpdate):
        return "statuses"
    assert isinstance(item, ChannelNotice)
    return "rejected" if item.kind is NoticeKind.REJECTED else "notices"


def expected_sorts(payloads: list[Payload]) -> dict[str, int]:
    """What must come of these posts."""
    return {
        sort: sum(getattr(payload, sort) for payload in payloads)
        for sort in ("messages", "statuses", "notices", "rejected")
    }


def as_providers_repeat_themselves(seed: int) -> list[Payload]:
    """Each payload one to three times, in random order."""
    chance = random.Random(seed)
    posts = [payload for payload in ALL for _ in range(chance.randint(1, 3))]
    chance.shuffle(posts)
    return posts


def test_the_payloads_are_many_and_all_different() -> None:
    assert len({payload.name for payload in ALL}) == len(ALL)
    assert len({json.dumps(payload.body, sort_keys=True) for payload in ALL}) == len(ALL) >= 250


@pytest.mark.parametrize("payload", ALL, ids=lambda payload: payload.name)
def test_every_item_of_a_payload_is_queued_or_refused_with_a_reason(intake: Intake, payload: Payload) -> None:
    answer = intake.post(signed_event(payload))

    assert answer["statusCode"] == (204 if payload.path.endswith("/status") else 200)
    assert sorts(intake.queue.bodies) == expected_sorts([payload])
    refused = [item for body in intake.queue.bodies if isinstance(item := decode(body), ChannelNotice) and item.reason]
    assert len(refused) == payload.rejected
    if payload.path == META_PATH:
        told = json.loads(answer["body"])["data"]
        assert (told["accepted"], len(told["rejected"])) == (payload.items - payload.rejected, payload.rejected)
        assert all(entry["reason"] for entry in told["rejected"])


def test_nothing_personal_is_logged(intake: Intake, capsys: pytest.CaptureFixture[str]) -> None:
    events = [signed_event(payload) for payload in ALL]

    for event in events:
        intake.post(event)

    logged = capsys.readouterr().out
    assert "items_accepted" in logged
    assert [word for word in PERSONAL if word in logged] == []
    signatures = [
        values[0] for event in events for name, values in event["multiValueHeaders"].items() if "sign" in name
    ]
    assert [signature for signature in signatures if signature.removeprefix("sha256=") in logged] == []


def worker(clock: FrozenClock, database: Database) -> House:
    """What deals with queued items, over the real database."""
    house = House(clock)
    house.history = PostgresHistoryStore(database)
    house.identities = PostgresIdentityStore(database)
    house.consent = PostgresConsentStore(database)
    house.media_records = PostgresMediaRecords(database)
    return house


async def stored_sorts(database: Database) -> dict[str, int]:
    """How many rows there are of each sort, each with all that it needs."""

    def counted(connection: Connection) -> dict[str, int]:
        inbound = select(func.count()).where(messages.c.direction == "inbound", messages.c.state == "done")
        by_kind = select(message_events.c.kind, func.count(), func.count(message_events.c.reason)).group_by(
            message_events.c.kind
        )
        kinds = {kind: (number, reasons) for kind, number, reasons in connection.execute(by_kind)}
        rejected, with_reason = kinds.pop("rejected", (0, 0))
        statuses, _ = kinds.pop("status", (0, 0))
        assert rejected == with_reason
        return {
            "messages": connection.execute(inbound).scalar_one(),
            "statuses": statuses,
            "notices": sum(number for number, _ in kinds.values()),
            "rejected": rejected,
        }

    return await database.run(counted)


@pytest.mark.integration
@pytest.mark.parametrize("seed", SEEDS)
async def test_every_item_is_stored_once_whatever_the_order_and_the_repeats(
    clock: FrozenClock, database: Database, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    clock.now = NOON
    intake = Intake(clock)
    channel = FakeTextChannel()
    handle = worker(clock, database).handle_item(**{"whatsapp": channel, "twilio-whatsapp": channel})

    for payload in as_providers_repeat_themselves(seed):
        clock.advance(seconds=1)
        # On a thread of its own: the function has an event loop of its own.
        answer = await asyncio.to_thread(intake.post, signed_event(payload))
        assert answer["statusCode"] < 300
    for body in intake.queue.bodies:
        await handle(decode(body))

    expected = expected_sorts(list(ALL))
    expected["messages"] -= sum(payload.duplicates for payload in ALL)
    assert await stored_sorts(database) == expected
    logged = capsys.readouterr().out
    assert [word for word in PERSONAL if word in logged] == []
