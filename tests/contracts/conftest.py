"""Each port's fake and its real adapter, under one name; the real one marks the test as an integration test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from shared.adapters.postgres.calls import PostgresCallStore
from shared.adapters.postgres.history_reader import PostgresHistoryReader
from shared.adapters.postgres.history_store import PostgresHistoryStore
from shared.adapters.postgres.identities import PostgresIdentityStore
from shared.ports.history import HistoryReader
from shared.ports.identities import IdentityStore
from shared.ports.stores import CallStore, HistoryStore
from tests.fakes.call_store import FakeCallStore
from tests.fakes.clock import FrozenClock
from tests.fakes.history_store import FakeHistoryStore
from tests.fakes.identities import FakeIdentityStore
from tests.fakes.memory_history_reader import MemoryHistoryReader
from tests.fakes.memory_rows import MemoryRows

REAL = pytest.param("real", marks=pytest.mark.integration)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The stores that share rows, and the time at which the test began."""

    history: HistoryStore
    calls: CallStore
    reader: HistoryReader
    identities: IdentityStore
    now: datetime


@pytest.fixture(params=["fake", REAL])
def records(request: pytest.FixtureRequest) -> Records:
    """History, calls and the reading of both."""
    # The database has its own clock, so both begin at the real time.
    now = datetime.now(UTC)
    if request.param == "fake":
        rows = MemoryRows(FrozenClock(now))
        identities = FakeIdentityStore()
        return Records(
            history=FakeHistoryStore(rows),
            calls=FakeCallStore(rows),
            reader=MemoryHistoryReader(rows, identities),
            identities=identities,
            now=now,
        )
    database = request.getfixturevalue("database")
    return Records(
        history=PostgresHistoryStore(database),
        calls=PostgresCallStore(database),
        reader=PostgresHistoryReader(database),
        identities=PostgresIdentityStore(database),
        now=now,
    )
