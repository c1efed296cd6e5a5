"""What every IdentityStore promises."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, insert

from shared.adapters.postgres.consent import PostgresConsentStore
from shared.adapters.postgres.engine import Database
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.identities import PostgresIdentityStore
from shared.adapters.postgres.schema import users
from shared.domain.message import MessageKind
from shared.ports.identities import IdentityStore
from tests.contracts.conftest import REAL
from tests.fakes.identities import FakeIdentityStore
from tests.samples import a_message

PHONE, ID = "919812345678", "IN.1349120865530274"
NEW_PHONE, NEW_ID = "919899999999", "IN.9990000000000000"


@pytest.fixture(params=["fake", REAL])
def store(request: pytest.FixtureRequest) -> IdentityStore:
    if request.param == "fake":
        return FakeIdentityStore()
    return PostgresIdentityStore(request.getfixturevalue("database"))


async def who(store: IdentityStore, user_id: str, *aliases: str, channel: str = "whatsapp") -> tuple[str, str]:
    """The user that a message is counted to, and where its reply goes if not there."""
    resolved = await store.resolve(a_message(user_id=user_id, aliases=aliases, channel=channel))
    return resolved.user_id, resolved.address


async def test_a_message_of_a_user_with_one_identity_stays_as_it_is(store: IdentityStore) -> None:
    message = a_message(user_id=PHONE)

    assert await store.resolve(message) == message
    assert await store.resolve(message) == message


@pytest.mark.parametrize(
    "seen",
    [
        [(PHONE, (ID,)), (PHONE, ()), (ID, ()), (ID, (PHONE,))],
        [(PHONE, ()), (PHONE, (ID,)), (ID, ())],
    ],
)
async def test_a_user_known_by_phone_stays_so_and_is_answered_under_what_the_message_came_from(
    store: IdentityStore, seen: list[tuple[str, tuple[str, ...]]]
) -> None:
    found = [await who(store, user_id, *aliases) for user_id, aliases in seen]

    assert found == [(PHONE, "" if user_id == PHONE else user_id) for user_id, _ in seen]


async def test_a_user_who_first_had_no_phone_keeps_that_conversation(store: IdentityStore) -> None:
    assert await who(store, ID) == (ID, "")
    assert await who(store, PHONE, ID) == (ID, PHONE)
    assert await who(store, PHONE) == (ID, PHONE)
    assert await who(store, ID) == (ID, "")


async def test_a_changed_number_leads_to_the_conversation_of_the_old_one(store: IdentityStore) -> None:
    await who(store, PHONE, ID)

    changed = a_message(user_id=PHONE, aliases=(ID, NEW_PHONE, NEW_ID), kind=MessageKind.SYSTEM)
    await store.resolve(changed)

    assert await who(store, NEW_PHONE, NEW_ID) == (PHONE, NEW_PHONE)
    assert await who(store, NEW_ID) == (PHONE, NEW_ID)


async def test_a_changed_id_without_any_number_leads_to_the_conversation_of_the_old_one(store: IdentityStore) -> None:
    await who(store, ID)

    await store.resolve(a_message(user_id=NEW_ID, aliases=(ID,), kind=MessageKind.SYSTEM))

    assert await who(store, NEW_ID) == (ID, NEW_ID)


async def test_two_users_who_turn_out_to_be_one_are_the_first_from_then_on(store: IdentityStore) -> None:
    await who(store, ID)
    await who(store, PHONE)
    await who(store, NEW_PHONE, PHONE)

    assert await who(store, PHONE, ID) == (ID, PHONE)
    assert await who(store, NEW_PHONE) == (ID, NEW_PHONE)
    assert await who(store, PHONE) == (ID, PHONE)


async def test_the_same_identity_on_another_channel_is_another_user(store: IdentityStore) -> None:
    await who(store, PHONE, ID)

    assert await who(store, ID, channel="twilio-whatsapp") == (ID, "")


async def test_messages_that_come_at_once_agree_on_one_user(store: IdentityStore) -> None:
    stated = [(PHONE, (ID,)), (ID, ()), (ID, (PHONE,)), (PHONE, ())]

    await asyncio.gather(*(who(store, user_id, *aliases) for user_id, aliases in stated * 5))

    assert len({(await who(store, user_id, *aliases))[0] for user_id, aliases in stated}) == 1


@pytest.mark.parametrize("name", ["a\x00b", "\ud800", "x" * 256])
async def test_no_identity_is_too_odd(store: IdentityStore, name: str) -> None:
    await who(store, PHONE)

    assert await who(store, name, PHONE) == (PHONE, name)
    assert await who(store, name) == (PHONE, name)


@pytest.mark.integration
@pytest.mark.parametrize("stopped_as", [ID, PHONE])
async def test_a_user_who_opted_out_under_one_identity_is_left_alone_under_all(
    database: Database, stopped_as: str
) -> None:
    store, consent = PostgresIdentityStore(database), PostgresConsentStore(database)
    opted_out = {"channel": "whatsapp", "user_id": stopped_as, "opted_out_at": func.now()}
    await who(store, ID)
    await who(store, PHONE)
    await database.run(lambda connection: connection.execute(insert(users).values(**opted_out)))

    await who(store, PHONE, ID)

    for name in (ID, PHONE):
        assert await consent.has_opted_out(a_message(user_id=name).key)
    # What a claim reads is the row of the first identity.
    claim = await PostgresHistoryStore(database).claim(a_message(user_id=ID), lease_seconds=30)
    assert claim is not None
    assert claim.wishes.has_opted_out


@pytest.mark.integration
async def test_a_user_from_before_identities_were_kept_keeps_the_conversation(database: Database) -> None:
    await database.run(lambda connection: connection.execute(insert(users).values(channel="whatsapp", user_id=ID)))

    assert await who(PostgresIdentityStore(database), PHONE, ID) == (ID, PHONE)
