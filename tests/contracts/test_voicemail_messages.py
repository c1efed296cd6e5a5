"""What every VoicemailMessages promises."""

from __future__ import annotations

import pytest

from shared.adapters.postgres.calls import PostgresCallStore
from shared.adapters.postgres.voicemail import PostgresVoicemailMessages
from shared.errors import NotFound
from shared.ports.stores import CallStore
from shared.ports.voicemail import VoicemailMessages
from tests.contracts.conftest import REAL
from tests.fakes.call_store import FakeCallStore
from tests.fakes.clock import FrozenClock
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.voicemail import FakeVoicemailMessages
from tests.samples import a_ticket


@pytest.fixture(params=["fake", REAL])
def stores(request: pytest.FixtureRequest, clock: FrozenClock) -> tuple[CallStore, VoicemailMessages]:
    if request.param == "fake":
        rows = MemoryRows(clock)
        return FakeCallStore(rows), FakeVoicemailMessages(rows)
    database = request.getfixturevalue("database")
    return PostgresCallStore(database), PostgresVoicemailMessages(database)


@pytest.fixture
async def messages(stores: tuple[CallStore, VoicemailMessages], clock: FrozenClock) -> VoicemailMessages:
    """The messages of one call, which is on record."""
    calls, messages = stores
    await calls.open(a_ticket(), started_at=clock())
    return messages


async def test_a_message_is_kept_with_its_call(messages: VoicemailMessages) -> None:
    await messages.keep("CA0001", "Please call us back.")

    assert await messages.find("CA0001") == "Please call us back."


async def test_the_first_message_stands(messages: VoicemailMessages) -> None:
    await messages.keep("CA0001", "Please call us back.")
    await messages.keep("CA0001", "Something else")

    assert await messages.find("CA0001") == "Please call us back."


@pytest.mark.parametrize("call_sid", ["CA0001", "CA404"])
async def test_without_a_message_there_is_nothing_to_say(messages: VoicemailMessages, call_sid: str) -> None:
    assert await messages.find(call_sid) is None


async def test_an_unknown_call_keeps_no_message(messages: VoicemailMessages) -> None:
    with pytest.raises(NotFound):
        await messages.keep("CA404", "Please call us back.")
